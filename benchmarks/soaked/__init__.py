"""Cached and throttled routes, for the soak."""
