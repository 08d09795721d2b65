"""Clients that know only a stack's address, and a real OpenID provider that lets them in."""
