"""Answers given beforehand: `--rename old:new` and `--answers FILE`."""

import json
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from framework.errors import CommandError
from framework.migrations.autodetector.questioner import IN_STEPS, LEAVE, Questioner
from framework.migrations.questions.values import Unreadable, converted
from framework.migrations.schema.table import Column, Table

__all__ = ["Answered", "Answers"]

KINDS = {"renames": dict, "values": dict, "members": dict, "in_steps": list, "narrowed": list, "left": list}


@dataclass(slots=True)
class Answers:
    """What somebody said; keys are `blog.Post`, `blog.Post.title`, `blog.Post.status.draft`."""

    renames: dict[str, str | bool] = field(default_factory=dict[str, str | bool])
    """New names; False for what was not renamed."""
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    """One-off values for rows that exist, or that have NULL where it goes."""
    members: dict[str, str | bool] = field(default_factory=dict[str, str | bool])
    """What rows get that hold a member which is gone: its new name, or another member; False when none does."""
    in_steps: list[str] = field(default_factory=list[str])
    """New columns to add in three steps."""
    narrowed: list[str] = field(default_factory=list[str])
    """Columns whose new type may be too small."""
    left: list[str] = field(default_factory=list[str])
    """Columns whose NULLs are seen to by hand."""

    @classmethod
    def read(cls, path: Path) -> "Answers":
        """Return the answers in a TOML or JSON file."""
        try:
            text = path.read_text(encoding="utf-8")
            found = cast("dict[str, Any]", json.loads(text) if path.suffix == ".json" else tomllib.loads(text))
        except (OSError, ValueError) as error:
            raise CommandError(f"Cannot read the answers in {path}: {error}.", code="migrations.answers") from None
        for kind, value in found.items():
            if not isinstance(value, KINDS.get(kind, ())):
                raise CommandError(
                    f"{path} says {kind!r}; wanted tables renames, values and members, and lists in_steps, narrowed "
                    "and left.",
                    code="migrations.answers",
                )
        return cls(**found)

    def add_renames(self, pairs: Iterable[str]) -> None:
        """Take in what `--rename blog.Post.title:headline` says; nothing after the colon means it was not renamed."""
        for pair in pairs:
            old, colon, new = pair.partition(":")
            if not colon or old.count(".") not in (1, 2):
                raise CommandError(
                    f"--rename {pair} cannot be understood; wanted an old name, a colon, and the new one.",
                    hint="For example --rename blog.Post.title:headline or --rename blog.Post:Article.",
                    code="migrations.answers",
                )
            self.renames[old] = new.rpartition(".")[2] if old.count(".") == 2 and new else new or False


class Answered(Questioner):
    """Looks into the answers first, and asks another questioner for what they don't tell."""

    def __init__(self, answers: Answers, otherwise: Questioner) -> None:
        self.answers = answers
        self.otherwise = otherwise
        self.used: set[str] = set()

    def require_used(self) -> None:
        """Raise for a rename that nothing came of: a name in it is wrong, and the values would go."""
        for key, new in self.answers.renames.items():
            if new and key.lower() not in self.used:
                raise CommandError(
                    f"Nothing was renamed from {key!r} to {new!r}: the migrations must have the first, the models the "
                    "second, and neither both.",
                    hint="Columns are told as blog.Post.title:headline, with the model's present name, models as "
                    "blog.Post:Article.",
                    code="migrations.answers",
                )

    def told_rename(self, key: str, *names: str) -> bool | None:
        """Look it up, whatever its capitals."""
        told = self.found(self.answers.renames, key)
        if told in names:
            self.used.add(key.lower())
            return True
        # A name that is not among them may be mistyped: the question stands.
        return False if told is False else None

    def renamed_column(self, table: Table, old: Column, new: Column) -> bool:
        """Ask: what is known about renames was told before."""
        return self.otherwise.renamed_column(table, old, new)

    def renamed_table(self, old: Table, new: Table) -> bool:
        """Ask: what is known about renames was told before."""
        return self.otherwise.renamed_table(old, new)

    def value_for_existing_rows(self, table: Table, column: Column) -> Any:
        """Return the value from the answers."""
        if key_of(table, column) in lowered(self.answers.in_steps):
            return IN_STEPS
        value = self.value_of(table, column)
        return self.otherwise.value_for_existing_rows(table, column) if value is None else value

    def value_for_nulls(self, table: Table, column: Column) -> Any:
        """Return the value from the answers."""
        if key_of(table, column) in lowered(self.answers.left):
            return LEAVE
        value = self.value_of(table, column)
        return self.otherwise.value_for_nulls(table, column) if value is None else value

    def value_of(self, table: Table, column: Column) -> Any:
        """Return the value told for a column, as one of its type."""
        value: object = self.found(self.answers.values, key_of(table, column))
        try:
            return None if value is None else converted(column, value)
        except Unreadable as error:
            raise CommandError(
                f"The answers give {value!r} for {table.app}.{table.label}.{column.name}: {error}",
                code="migrations.answers",
            ) from None

    def narrowed(self, table: Table, old: Column, new: Column, loss: str) -> bool:
        """Look it up."""
        known = key_of(table, new) in lowered(self.answers.narrowed)
        return known or self.otherwise.narrowed(table, old, new, loss)

    def renamed_member(self, table: Table, column: Column, old: str, new: str) -> bool:
        """Look it up; another answer about the member means it was not renamed."""
        told = self.member(table, column, old)
        return self.otherwise.renamed_member(table, column, old, new) if told is None else told == new

    def removed_member(self, table: Table, column: Column, member: str, members: Sequence[str]) -> str | None:
        """Look it up."""
        told = self.member(table, column, member)
        if told is None:
            return self.otherwise.removed_member(table, column, member, members)
        if isinstance(told, str) and told not in members:
            raise CommandError(
                f"The answers give {told!r} instead of {member!r}; {column.name!r} has {', '.join(members)}.",
                code="migrations.answers",
            )
        return told if isinstance(told, str) else None

    def member(self, table: Table, column: Column, member: str) -> str | bool | None:
        """Return what was told about a member."""
        # Members differ by their capitals alone, if they like.
        wanted = f"{key_of(table, column)}.{member}"
        for key, value in self.answers.members.items():
            place, _, name = key.rpartition(".")
            if f"{place.lower()}.{name}" == wanted:
                return value
        return None

    def found[T](self, answers: Mapping[str, T], key: str) -> T | None:
        """Return what was told under a key, whatever its capitals."""
        for told, value in answers.items():
            if told.lower() == key.lower():
                return value
        return None


def key_of(table: Table, column: Column) -> str:
    return f"{table.app}.{table.label}.{column.name}".lower()


def lowered(keys: Iterable[str]) -> set[str]:
    return {key.lower() for key in keys}
