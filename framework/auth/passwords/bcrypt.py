"""bcrypt over SHA-256, as Django's `BCryptSHA256PasswordHasher` writes it: passwords of any length, NUL included."""

import hashlib

import bcrypt

from framework.auth.passwords.hasher import Hasher
from framework.auth.passwords.text import encoded_text

__all__ = ["BcryptHasher"]


class BcryptHasher(Hasher):
    """`bcrypt_sha256$$2b$12$…`; the work is the setting `bcrypt_cost`."""

    algorithm = "bcrypt_sha256"

    def hash(self, password: str) -> str:
        """Return a new hash."""
        made = bcrypt.hashpw(digest(password), bcrypt.gensalt(self.settings.bcrypt_cost))
        return f"{self.algorithm}${made.decode('ascii')}"

    def verify(self, password: str, encoded: str) -> bool:
        """Tell whether `encoded` is a hash of the password."""
        try:
            return bcrypt.checkpw(digest(password), encoded.partition("$")[2].encode("ascii"))
        except ValueError:  # no hash of bcrypt's
            return False

    def needs_upgrade(self, encoded: str) -> bool:
        """Tell whether it was made with another cost."""
        return cost_of(encoded) != self.settings.bcrypt_cost

    def harden(self, password: str, encoded: str) -> None:
        """Make up for a lower cost: 2ⁿ of work is 2ᵐ, and 2ᵐ + 2ᵐ⁺¹ + … + 2ⁿ⁻¹ more."""
        for cost in range(cost_of(encoded), self.settings.bcrypt_cost):
            bcrypt.hashpw(digest(password), bcrypt.gensalt(cost))


def digest(password: str) -> bytes:
    """Return what bcrypt is given: it takes 72 bytes and no NUL, and this is 64 letters and digits."""
    return hashlib.sha256(encoded_text(password)).hexdigest().encode("ascii")


def cost_of(encoded: str) -> int:
    """Return the cost of a hash, or that of none where it is unreadable."""
    parts = encoded.split("$")
    return int(parts[3]) if len(parts) > 3 and parts[3].isdecimal() else 4
