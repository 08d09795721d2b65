"""From a file to pages of numbered lines: implementations of the core's engine port."""
