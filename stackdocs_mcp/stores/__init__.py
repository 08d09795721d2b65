"""Where data lives: implementations of the core's store and file ports."""
