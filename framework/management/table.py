"""Columns of text for the terminal."""

from collections.abc import Sequence

WIDEST = 48
"""Characters; the few cells that are longer push their line to the right, not every line."""


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows under their heads, each column as wide as its widest cell, within reason."""
    lines = [list(heads), *map(list, rows)]
    widths = [min(WIDEST, max(len(line[index]) for line in lines)) for index in range(len(heads))]
    lines.insert(1, ["-" * width for width in widths])
    return "\n".join("  ".join(map(str.ljust, line, widths)).rstrip() for line in lines)
