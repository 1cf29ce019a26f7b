"""What a scaffolding command did."""

from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Written"]


@dataclass(slots=True)
class Written:
    """The files that were made and changed, and what is left to the user."""

    created: list[Path] = field(default_factory=list[Path])
    changed: list[tuple[Path, str]] = field(default_factory=list[tuple[Path, str]])
    """A file that stood before, and what was done to it."""
    remaining: list[str] = field(default_factory=list[str])
    """Steps that could not be done for the user, each a sentence or a line to paste."""

    def lines(self, relative_to: Path) -> list[str]:
        """Return the report, one fact a line, with paths as seen from `relative_to`."""

        def shown(path: Path) -> str:
            return str(path.relative_to(relative_to)) if path.is_relative_to(relative_to) else str(path)

        return [
            *(f"  create {shown(path)}" for path in self.created),
            *(f"  change {shown(path)}: {what}" for path, what in self.changed),
            *self.remaining,
        ]
