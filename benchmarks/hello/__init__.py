"""A route that does nothing, for the benchmarks."""
