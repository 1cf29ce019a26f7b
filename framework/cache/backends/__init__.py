"""The caches that come with the framework."""
