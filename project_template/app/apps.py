"""The app and what it needs."""

from framework import AppConfig


class ItemsConfig(AppConfig):
    """Items."""

    name = "app"
    requires = ("db", "auth")
