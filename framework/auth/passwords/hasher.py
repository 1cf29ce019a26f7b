"""What a hasher is."""

from abc import ABC, abstractmethod
from typing import ClassVar

from framework.auth.settings import PasswordSettings

__all__ = ["Hasher"]


class Hasher(ABC):
    """Makes hashes of passwords, and tells whether one fits. Its methods are slow by intent, and run in threads.

    A hash is text that begins with `algorithm` and a `$`, as in Django, and fits into 255 characters. A subclass may
    change the work that is done by its own class variables.
    """

    algorithm: ClassVar[str]
    """What its hashes begin with, up to the first `$`."""

    def __init__(self, settings: PasswordSettings) -> None:
        self.settings = settings

    def prepare(self) -> None:  # noqa: B027 — most need nothing
        """Raise `ImproperlyConfigured` when no hash can be made here, for lack of a library. Called at load."""

    @abstractmethod
    def hash(self, password: str) -> str:
        """Return a new hash, another one each time."""

    @abstractmethod
    def verify(self, password: str, encoded: str) -> bool:
        """Tell whether `encoded` is a hash of the password; what is no hash at all is of none."""

    def needs_upgrade(self, encoded: str) -> bool:
        """Tell whether a new hash would be made with other work than this one."""
        return False

    def harden(self, password: str, encoded: str) -> None:  # noqa: B027 — most have one amount of work
        """Do the work that verifying `encoded` took less than `hash` takes, so that time does not tell old hashes."""
