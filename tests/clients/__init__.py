"""Clients of other people, each as its authors ship it, at work on the real server.

``python -m tests.clients`` installs and runs them; no test does.
"""
