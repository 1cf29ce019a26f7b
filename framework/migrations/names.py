"""Names of constraints and migrations."""

import re
from collections.abc import Sequence
from hashlib import md5

__all__ = ["MAX_BYTES", "cut", "migration_name"]

MAX_BYTES = 63
"""The longest identifier PostgreSQL keeps; cut for every database alike, so that files don't depend on one."""
MAX_NAME = 52


def cut(name: str) -> str:
    """Return a name short enough for every database; cut ones end in a hash, as SQLAlchemy does it."""
    if len(name.encode()) <= MAX_BYTES:
        return name
    digest = md5(name.encode(), usedforsecurity=False).hexdigest()[-4:]
    return name.encode()[: MAX_BYTES - 8].decode(errors="ignore") + "_" + digest


def migration_name(fragments: Sequence[str]) -> str:
    """Return Django's name for a migration of these changes: `post_slug`, `post_slug_and_more`."""
    words = [re.sub(r"\W+", "_", fragment) for fragment in fragments if fragment]
    name = words[0]
    for word in words[1:]:
        if len(f"{name}_{word}") > MAX_NAME:
            return f"{name}_and_more"
        name = f"{name}_{word}"
    return name
