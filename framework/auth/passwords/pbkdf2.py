"""PBKDF2 with SHA-256, as Django hashes by default: users who come from there log in, and get a better hash."""

import base64
import binascii
import hashlib
import hmac
import secrets
from typing import ClassVar

from framework.auth.passwords.hasher import Hasher
from framework.auth.passwords.text import encoded_text

__all__ = ["Pbkdf2Hasher"]


class Pbkdf2Hasher(Hasher):
    """`pbkdf2_sha256$1500000$salt$hash`."""

    algorithm = "pbkdf2_sha256"
    iterations: ClassVar[int] = 1_500_000

    def hash(self, password: str) -> str:
        """Return a new hash."""
        salt = secrets.token_hex(16)
        digest = base64.b64encode(derived(password, salt, self.iterations)).decode("ascii")
        return f"{self.algorithm}${self.iterations}${salt}${digest}"

    def verify(self, password: str, encoded: str) -> bool:
        """Tell whether `encoded` is a hash of the password."""
        try:
            _, iterations, salt, digest = encoded.split("$")
            wanted = base64.b64decode(digest, validate=True)
            return hmac.compare_digest(derived(password, salt, int(iterations)), wanted)
        except (ValueError, OverflowError, binascii.Error):
            return False

    def needs_upgrade(self, encoded: str) -> bool:
        """Tell whether it was made with other work."""
        return encoded.split("$")[1:2] != [str(self.iterations)]


def derived(password: str, salt: str, iterations: int) -> bytes:
    return hashlib.pbkdf2_hmac("sha256", encoded_text(password), salt.encode(), iterations)
