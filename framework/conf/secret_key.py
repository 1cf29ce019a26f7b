"""The secret key: what makes a good one, and the one that a project in debug makes up."""

import os
import re
import secrets
from pathlib import Path

from pydantic import SecretStr

__all__ = ["GeneratedKey", "new_secret_key", "weakness"]

SHORTEST = 32
"""In bytes: what HS256, the usual signature of a token, asks for."""

TEMPLATE = re.compile(r"changeme|changethis|insecure|replaceme|replacethis|yoursecret|secretkey|placeholder")


def new_secret_key() -> str:
    """Return a fresh random key."""
    return secrets.token_urlsafe(50)


def weakness(key: str) -> str | None:
    """Return what is wrong with a key, or `None` when it may sign tokens."""
    if not key:
        return "is missing"
    if TEMPLATE.search(re.sub(r"[\W_]", "", key.lower())):
        return "is the one of a template"
    if len(key.encode()) < SHORTEST:
        return f"has {len(key.encode())} bytes, fewer than {SHORTEST}"
    if len(set(key)) < 5:
        return f"is made of {len(set(key))} different characters"
    return None


class GeneratedKey(SecretStr):
    """The random key of a project in debug that has none. Made on first use and kept in a file for the next start.

    All processes of the project get the same key, whichever comes first. Where the file can't be written, the key lasts
    as long as the process.
    """

    def __init__(self, file: Path) -> None:
        super().__init__("")
        self._file = file

    def get_secret_value(self) -> str:
        """Return the key."""
        if not self._secret_value:
            self._secret_value = kept_key(self._file)
        return self._secret_value

    def __len__(self) -> int:
        return len(self.get_secret_value())

    def _display(self) -> str:
        return "**********"


def kept_key(file: Path) -> str:
    """Return the key in `file`, which is written first when it isn't there."""
    try:
        if key := read_key(file):
            return key
        key = new_secret_key()
        fresh = file.with_name(f"{file.name}.{os.getpid()}-{secrets.token_hex(4)}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(key + "\n")
        try:
            # A link appears whole and never replaces: of two processes one wins and both read its key.
            os.link(fresh, file)
        except FileExistsError:
            if not read_key(file):
                fresh.replace(file)
        except OSError:  # a file system without hard links
            fresh.replace(file)
        finally:
            fresh.unlink(missing_ok=True)
        return read_key(file) or key
    except OSError:
        return new_secret_key()


def read_key(file: Path) -> str | None:
    """Return the key in `file`, or `None` when there is none."""
    try:
        return file.read_text().strip() or None
    except FileNotFoundError:
        return None
