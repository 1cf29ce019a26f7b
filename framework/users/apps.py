"""The users as an app: installed, or replaced by an app of the project's with the same label."""

from framework.apps import AppConfig

__all__ = ["UsersConfig"]


class UsersConfig(AppConfig):
    """The ready user. Another app labelled `users` takes its place."""

    name = "framework.users"
    label = "users"
    requires = ("db",)
