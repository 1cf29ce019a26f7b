"""Argon2id, by argon2-cffi, an extra. Hashes as Django's `Argon2PasswordHasher` writes them."""

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from framework.auth.passwords.hasher import Hasher
from framework.auth.passwords.text import encoded_text
from framework.errors import ImproperlyConfigured

if TYPE_CHECKING:
    import argon2

__all__ = ["Argon2Hasher"]


class Argon2Hasher(Hasher):
    """`argon2$argon2id$v=19$m=65536,t=3,p=4$…`: the second choice of RFC 9106."""

    algorithm = "argon2"
    time_cost: ClassVar[int] = 3
    memory_cost: ClassVar[int] = 65_536
    """In KiB, for each hash at work."""
    parallelism: ClassVar[int] = 4

    @cached_property
    def library(self) -> "argon2.PasswordHasher":
        """The library's hasher. Raises `ImproperlyConfigured` where it is not installed."""
        try:
            import argon2
        except ImportError:
            raise ImproperlyConfigured(
                "Argon2Hasher needs argon2-cffi, which is not installed.",
                hint="pip install 'framework[argon2]'",
                code="auth.argon2",
            ) from None
        return argon2.PasswordHasher(self.time_cost, self.memory_cost, self.parallelism)

    def prepare(self) -> None:
        """Raise where the library is not installed."""
        assert self.library

    def hash(self, password: str) -> str:
        """Return a new hash."""
        return self.algorithm + self.library.hash(encoded_text(password))

    def verify(self, password: str, encoded: str) -> bool:
        """Tell whether `encoded` is a hash of the password."""
        from argon2.exceptions import InvalidHashError, VerificationError

        try:
            return self.library.verify(encoded.removeprefix(self.algorithm), encoded_text(password))
        except (VerificationError, InvalidHashError):
            return False

    def needs_upgrade(self, encoded: str) -> bool:
        """Tell whether it was made with other work."""
        return self.library.check_needs_rehash(encoded.removeprefix(self.algorithm))
