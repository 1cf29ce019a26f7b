"""Counters: decimal numbers, as Redis counts."""

from framework.errors import FrameworkError

__all__ = ["no_counter", "number_in"]


def number_in(value: bytes, key: str) -> int:
    """Return the number, or raise the error for what is none."""
    try:
        return int(value)
    except ValueError:
        raise no_counter(key) from None


def no_counter(key: str) -> FrameworkError:
    """Return the error for a key that holds something else."""
    return FrameworkError(
        f"The key {key!r} holds a value that was set; wanted a counter.",
        hint="Give the counter a key of its own; it begins at 0 by itself.",
        code="cache.counter",
    )
