"""bcrypt over SHA-256, as Django's `BCryptSHA256PasswordHasher` writes it: passwords of any length, NUL included."""

import hashlib
import re

import bcrypt

from framework.auth.passwords.hasher import Hasher
from framework.auth.passwords.text import encoded_text

__all__ = ["BcryptHasher"]


HASH = re.compile(r"\$2[abxy]\$(0[4-9]|[12]\d|3[01])\$[./A-Za-z0-9]{53}$")


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
        if (done := cost_of(encoded)) is None:  # nothing was done
            self.hash(password)
            return
        for cost in range(done, self.settings.bcrypt_cost):
            bcrypt.hashpw(digest(password), bcrypt.gensalt(cost))


def digest(password: str) -> bytes:
    """Return what bcrypt is given: it takes 72 bytes and no NUL, and this is 64 letters and digits."""
    return hashlib.sha256(encoded_text(password)).hexdigest().encode("ascii")


def cost_of(encoded: str) -> int | None:
    """Return the cost of a hash, or `None` for what is none."""
    found = HASH.search(encoded)
    return int(found[1]) if found else None
