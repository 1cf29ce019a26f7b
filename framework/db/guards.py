"""Who may refuse a database before a project opens it. Nobody does, except under pytest: its plugin adds a guard."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.db.url import DatabaseURL

__all__ = ["Guard", "guards"]

type Guard = "Callable[[DatabaseURL], None]"
"""Raises for a database that must not be opened in this process."""

guards: list[Guard] = []
"""Asked in turn, with every URL, before an engine is made."""
