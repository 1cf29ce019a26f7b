"""Python's collector of garbage. A process that loads a project and ends would spend a third of its time on it."""

import atexit
import gc
import io
from contextlib import suppress

USUAL = gc.get_threshold()
SELDOM = 250_000
"""How many new objects may come before they are looked through: some 40 MB, so that a long command stays bounded."""


def collect_seldom() -> None:
    """Let a command load undisturbed, and let its process end without taking everything apart first."""
    gc.set_threshold(SELDOM, *USUAL[1:])
    atexit.unregister(leave)
    atexit.register(leave)


def collect_as_usual() -> None:
    """Collect as any process does, except among what is loaded by now, which stays: for what goes on for long."""
    gc.freeze()
    gc.set_threshold(*USUAL)


def leave() -> None:
    """Write out the files that nobody has closed, and leave all other objects to the operating system.

    Python promises no finalizer to what lives at the end. Files are what people count on all the same.
    """
    gc.unfreeze()
    objects = gc.get_objects()
    kinds = {kind for kind in set(map(type, objects)) if issubclass(kind, io.TextIOBase | io.BufferedIOBase)}
    files = [item for item in objects if type(item) in kinds]
    # Text goes into what compresses, and that into a buffer.
    for file in sorted(files, key=lambda file: (not isinstance(file, io.TextIOBase), type(file).__module__ == "_io")):
        with suppress(Exception):
            file.flush() if type(file).__module__ == "_io" else file.close()
    gc.freeze()
