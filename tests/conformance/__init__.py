"""The official conformance suite, on the product and on the product with the suite's fixtures."""
