"""Questions at a terminal. They are asked within a running loop, where nothing else has to happen meanwhile."""

import getpass
import signal
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager

import typer

__all__ = ["ask", "ask_password", "at_terminal", "cancellable"]


def at_terminal() -> bool:
    """Tell whether there is somebody to ask."""
    return sys.stdin is not None and sys.stdin.isatty()


def ask(question: str) -> str:
    """Return a line that was typed."""
    with interruptible():
        return input(question)


def ask_password(question: str) -> str:
    """Return a line that was typed and not shown."""
    with interruptible():
        return getpass.getpass(question)


@contextmanager
def cancellable() -> Generator[None]:
    """End the command when Ctrl-C or the end of the input answers a question."""
    try:
        yield
    except (KeyboardInterrupt, EOFError):
        typer.echo("\nOperation cancelled.", err=True)
        raise typer.Exit(1) from None


@contextmanager
def interruptible() -> Generator[None]:
    """Let Ctrl-C break a question off; the loop would only note that its task is to be cancelled."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
