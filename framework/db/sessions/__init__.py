"""Units of work: what a scope reads and writes through."""
