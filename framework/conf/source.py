"""Where a value came from."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["Source"]

type Kind = Literal["keyword", "environment", "dotenv", "secret", "toml", "other", "generated", "default"]


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value came from: the variable, key or class, and the file and line where there is one."""

    kind: Kind
    """`keyword` is an argument in code, `default` a class body, `other` a source that the project added."""
    name: str = ""
    """The variable as it was written, the key of a TOML file, the class of a default."""
    file: Path | None = None
    """The file that says so."""
    line: int | None = None
    """The line of `file`, where it is known."""

    @property
    def place(self) -> str:
        """`file:line`, or the environment."""
        if self.file is None:
            return "the environment" if self.kind == "environment" else ""
        return f"{self.file}:{self.line}" if self.line else str(self.file)

    def __str__(self) -> str:
        if self.kind == "secret":
            return self.place
        return " in ".join(part for part in (self.name, self.place) if part)
