"""One migration, as far as the header of its file tells."""

from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Migration", "Step"]


@dataclass(frozen=True, slots=True)
class Migration:
    """One revision file, as far as its header tells."""

    app: str
    name: str
    """The file's name without `.py`: `0001_initial`."""
    revision: str
    """What other files call it: `blog.0001_initial`."""
    path: Path = field(compare=False)
    parents: tuple[str, ...] = ()
    """`down_revision`: the one before it in its app, or both where it merges two."""
    depends_on: tuple[str, ...] = ()
    """Migrations of other apps that come first."""
    replaces: tuple[str, ...] = ()
    """Migrations that this one stands for."""
    docstring: str = field(default="", compare=False)
    transactional: bool = True
    """Whether it runs in one transaction; otherwise each of its operations is kept by itself."""
    works_on_rows: bool = False
    """Whether the file has `data()` or `undo_data()`."""

    @property
    def before(self) -> tuple[str, ...]:
        """Everything that comes directly before it."""
        return (*self.parents, *self.depends_on)

    @property
    def number(self) -> int:
        """The number its name starts with, or 0."""
        digits = self.name.partition("_")[0]
        return int(digits) if digits.isdecimal() else 0

    def __str__(self) -> str:
        return f"{self.app}.{self.name}"


@dataclass(frozen=True, slots=True)
class Step:
    """One migration to apply, or with `forward=False` to take back."""

    migration: Migration
    forward: bool = True
