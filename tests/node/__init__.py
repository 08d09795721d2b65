"""What the tests run on Node: the conformance suite, an OpenID provider, the TypeScript clients."""
