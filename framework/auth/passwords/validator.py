"""What a validator is."""

from abc import ABC, abstractmethod

from framework.users import UserBase

__all__ = ["PasswordValidator"]


class PasswordValidator(ABC):
    """Tells whether a new password is good enough. Made with its options of the settings; runs in a thread."""

    @abstractmethod
    def problem(self, password: str, user: UserBase | None) -> str | None:
        """Return a sentence on what is wrong with the password and what to do, or `None`.

        `user` may be one that is not stored yet, or nobody.
        """

    @property
    @abstractmethod
    def help(self) -> str:
        """A sentence for people who are about to choose a password."""
