"""What somebody probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["near"]


def near(name: str, known: Iterable[str], shown: str = "{!r}") -> str | None:
    """Return the question that names what is spelt most like `name`: "Did you mean 'title'?"; `None` if nothing is.

    `shown` says how that is written.
    """
    close = get_close_matches(name, list(known), n=1)
    return f"Did you mean {shown.format(close[0])}?" if close else None
