"""Auth as an app."""

from framework.apps import AppConfig

__all__ = ["AuthConfig"]


class AuthConfig(AppConfig):
    """Who may come in, and what they may do."""

    name = "framework.auth"
    label = "auth"
    requires = ("db", "users")
