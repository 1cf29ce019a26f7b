"""Names that every database keeps whole."""

from hashlib import md5

__all__ = ["MAX_BYTES", "cut"]

MAX_BYTES = 63
"""The longest identifier PostgreSQL keeps; cut for every database alike, so that files don't depend on one."""


def cut(name: str) -> str:
    """Return a name short enough for every database; cut ones end in a hash, as SQLAlchemy does it."""
    if len(name.encode()) <= MAX_BYTES:
        return name
    digest = md5(name.encode(), usedforsecurity=False).hexdigest()[-4:]
    return name.encode()[: MAX_BYTES - 8].decode(errors="ignore") + "_" + digest
