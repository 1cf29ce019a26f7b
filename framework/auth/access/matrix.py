"""Who may call what: every way into a project with its rules, and the file that keeps them. Knows no web."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from framework.errors import CommandError

__all__ = ["Change", "Matrix", "changes", "read_matrix", "write_matrix"]

type Matrix = Mapping[str, str]
"""Each way in, `"GET /posts"`, with its rules as they were written, `"LoginRequired"`; empty where none were."""

HEAD = "# Who may call what: written by `manage.py access --lock`. Commit it, and read what changes in it.\n"
NOTHING = "-"
LINE = re.compile(r"(\S+ \S+)  (\S.*)")
RULE = re.compile(r"(\w+)(?:\(([^)]*)\))?")


@dataclass(frozen=True, slots=True)
class Change:
    """One way in whose rules are not those of the file."""

    way: str
    before: str | None
    """`None` for a new way in."""
    after: str | None
    """`None` for one that is gone."""

    @property
    def gains(self) -> bool:
        """Whether somebody may call it who could not before. One rule in the place of another counts as that."""
        if self.before is None or self.after is None:
            return self.before is None
        return bool(demands(self.before) - demands(self.after))

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.way}: {self.after or NOTHING} (new)"
        return f"{self.way}: {self.before or NOTHING} -> {'(gone)' if self.after is None else self.after or NOTHING}"


def changes(before: Matrix, after: Matrix) -> list[Change]:
    """Return what is different: first where somebody gained access, then by path."""
    ways = sorted({*before, *after}, key=by_path)
    found = [Change(way, before.get(way), after.get(way)) for way in ways if before.get(way) != after.get(way)]
    return sorted(found, key=lambda change: not change.gains)


def write_matrix(path: Path, matrix: Matrix) -> None:
    """Write a matrix to a file: one line for each way in, by path, so that a diff shows what changed and no more."""
    lines = [f"{way}  {matrix[way] or NOTHING}\n" for way in sorted(matrix, key=by_path)]
    path.write_text(HEAD + "".join(lines), encoding="utf-8")


def read_matrix(path: Path) -> Matrix:
    """Return the matrix that a file keeps. Raises `CommandError` where there is none, or a line is no such line."""
    if not path.exists():
        raise CommandError(
            f"There is no {path.name} in {path.parent}.",
            hint="Write it: python manage.py access --lock",
            code="auth.lock",
        )
    found: dict[str, str] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        if (match := LINE.fullmatch(line)) is None:
            raise CommandError(
                f"{path}:{number} is {line!r}; wanted a method, a path, two spaces and the rules.",
                hint="Resolve what a merge left, or write the file again: python manage.py access --lock",
                code="auth.lock",
            )
        found[match[1]] = "" if match[2] == NOTHING else match[2]
    return found


def by_path(way: str) -> tuple[str, str]:
    method, _, path = way.partition(" ")
    return path, method


def demands(access: str) -> set[str]:
    """Return what rules demand of a caller, one by one: `Require("a", "b")` demands a, b, and to be logged in."""
    return {*demanded(access), "LoginRequired"} if {*demanded(access)} else set()


def demanded(access: str) -> Iterator[str]:
    for name, arguments in RULE.findall(access):
        if name != "Public":
            yield from (f"{name}({argument})" for argument in arguments.split(", ")) if arguments else [name]
