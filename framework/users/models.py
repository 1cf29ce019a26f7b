"""The ready user's table, and nothing else: whoever imports it takes part in no swap."""

from framework.users.base import UserBase

__all__ = ["User"]


class User(UserBase, table=True):
    """A user, with no more than what every user has."""
