"""The app."""

from framework import AppConfig


class SoakedConfig(AppConfig):
    """Routes that keep something of each request, in memory or on the server."""

    name = "soaked"
    requires = ("cache", "throttling", "notes")
