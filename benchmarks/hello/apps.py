"""The app."""

from framework import AppConfig


class HelloConfig(AppConfig):
    """A route that does nothing."""

    name = "hello"
