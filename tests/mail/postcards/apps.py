"""The app."""

from framework import AppConfig


class PostcardsConfig(AppConfig):
    """Greets."""

    name = "postcards"
    requires = ("mail",)
