"""Near matches for misspelt names."""

from collections.abc import Iterable

from framework.near import near as question

__all__ = ["near"]


def near(name: str, known: Iterable[str]) -> str:
    """Return "Did you mean 'title'?", or the choices when none is close, or nothing when there are none."""
    names = sorted(set(known))
    inside = [known_name for known_name in names if name and name.lower() in known_name.lower()]
    if hint := question(name, names) or (f"Did you mean {inside[0]!r}?" if inside else None):
        return hint
    return f"Choose from {', '.join(names)}." if names else ""
