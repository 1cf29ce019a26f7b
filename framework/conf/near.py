"""What somebody probably meant."""

import difflib
from collections.abc import Iterable

__all__ = ["near"]


def near(name: str, candidates: Iterable[str]) -> str | None:
    """Return the question that names the candidate most like `name`, or `None`."""
    matches = difflib.get_close_matches(name, list(candidates), 1)
    return f"Did you mean {matches[0]}?" if matches else None
