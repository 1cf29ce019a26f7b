"""Names of new migrations."""

import re
from collections.abc import Sequence

__all__ = ["migration_name"]

MAX_NAME = 52


def migration_name(fragments: Sequence[str]) -> str:
    """Return Django's name for a migration of these changes: `post_slug`, `post_slug_and_more`."""
    words = [re.sub(r"\W+", "_", fragment) for fragment in fragments if fragment]
    name = words[0]
    for word in words[1:]:
        if len(f"{name}_{word}") > MAX_NAME:
            return f"{name}_and_more"
        name = f"{name}_{word}"
    return name
