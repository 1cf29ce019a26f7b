"""What a store of logins can do."""

from abc import ABC, abstractmethod
from uuid import UUID

from framework.auth.models import Login

__all__ = ["LoginStore"]


class LoginStore(ABC):
    """Keeps logins. One that has ended or whose time is over is none."""

    @abstractmethod
    async def add(self, login: Login) -> None:
        """Keep a new login."""

    @abstractmethod
    async def find(self, secret_hash: str) -> Login | None:
        """Return the session whose secret has this hash, or `None`."""

    @abstractmethod
    async def all(self, user_id: int) -> list[Login]:
        """Return the logins of a user, the one used last first."""

    @abstractmethod
    async def renew(self, login: Login, secret_hash: str) -> bool:
        """Let another secret stand for a session from now on; tell whether it was still there."""

    @abstractmethod
    async def end(self, user_id: int, id_: UUID) -> bool:
        """End a login of a user; tell whether there was one."""

    @abstractmethod
    async def end_all(self, user_id: int, *, but: UUID | None = None) -> int:
        """End all logins of a user except one, and return how many."""
