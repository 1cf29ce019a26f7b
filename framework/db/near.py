"""Near matches for misspelt names."""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = ["near"]


def near(name: str, known: Iterable[str]) -> str:
    """Return "Did you mean 'title'?", or the choices when none is close, or nothing when there are none."""
    names = sorted(set(known))
    inside = [known_name for known_name in names if name and name.lower() in known_name.lower()]
    if close := get_close_matches(name, names, n=1, cutoff=0.6) or inside:
        return f"Did you mean {close[0]!r}?"
    return f"Choose from {', '.join(names)}." if names else ""
