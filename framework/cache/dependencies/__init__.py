"""Cached routes: the part of the cache that knows the web."""

from framework.cache.dependencies.route import CachedRoute

__all__ = ["CachedRoute"]
