"""What somebody probably meant."""

import difflib
from collections.abc import Iterable

__all__ = ["near"]


def near(name: str, candidates: Iterable[str], full: str = "{}") -> str | None:
    """Return the question that names the candidate most like `name`, put into `full`; `None` when none is like it."""
    matches = difflib.get_close_matches(name, list(candidates), 1)
    return f"Did you mean {full.format(matches[0])}?" if matches else None
