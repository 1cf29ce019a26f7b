"""What the autodetector asks where the models alone don't tell."""

from collections.abc import Collection, Sequence
from enum import Enum
from typing import Any

from framework.errors import CommandError
from framework.migrations.schema.table import Column, Table

__all__ = ["IN_STEPS", "LEAVE", "Anything", "ForApps", "Otherwise", "Questioner", "unanswered"]


class Otherwise(Enum):
    """What may be answered instead of a value."""

    IN_STEPS = "in steps"
    """Add the column so that it may be NULL, fill it, and forbid NULL: a migration each."""
    LEAVE = "leave"
    """Rows that are in the way are seen to by hand; the migration fails, whole, while there are any."""


IN_STEPS = Otherwise.IN_STEPS
LEAVE = Otherwise.LEAVE


class Questioner:
    """Takes the safe answers, as `--noinput` does, and raises where there is none; subclass it to ask somebody."""

    def about(self, app: str) -> "Questioner":
        """Return who answers questions about an app."""
        return self

    def told_rename(self, key: str, *names: str) -> bool | None:
        """Was it told beforehand that `blog.Post` or `blog.Post.title` got one of these names? `None` says nothing."""
        return None

    def renamed_column(self, table: Table, old: Column, new: Column) -> bool:
        """Was the column `old` of `table` renamed to `new`? Otherwise one is dropped, with its values."""
        key = f"{table.app}.{table.label}.{old.name}"
        other = "" if old.type == new.type else ", its values converted to another type"
        raise unanswered(
            f"Field {old.name!r} on model {table.label.lower()!r} may have been renamed to {new.name!r}{other}, or "
            "removed with all its values: say which.",
            f"--rename {key}:{new.name} says it was renamed, --rename {key}: that it was not; so does [renames] in "
            f"--answers FILE, by '{key}' = {new.name!r} or false.",
            "migrations.renamed",
        )

    def renamed_table(self, old: Table, new: Table) -> bool:
        """Was the table `old` renamed to `new`? Otherwise one is dropped, with its rows."""
        key, name = f"{old.app}.{old.label}", new.label if old.app == new.app else f"{new.app}.{new.label}"
        raise unanswered(
            f"Model {key!r} may have been renamed to {name!r}, or removed with all its rows: say which.",
            f"--rename {key}:{name} says it was renamed, --rename {key}: that it was not.",
            "migrations.renamed",
        )

    def value_for_existing_rows(self, table: Table, column: Column) -> Any:
        """Return what rows that exist get in a new column that may not be NULL and has no default, or `IN_STEPS`."""
        raise unanswered(
            f"Field {column.name!r} on model {table.label.lower()!r} not migrated: it is impossible to add a "
            "non-nullable field without specifying a default.",
            "Give the field a plain default in models.py, or allow None.",
            "migrations.not-null",
        )

    def value_for_nulls(self, table: Table, column: Column) -> Any:
        """Return what rows with NULL get in a column that may not be NULL any more, or `LEAVE`."""
        return LEAVE

    def narrowed(self, table: Table, old: Column, new: Column, loss: str) -> bool:
        """Shall a column get a type that may not hold all its values? `loss` says which."""
        raise unanswered(
            f"Field {new.name!r} on model {table.label.lower()!r} not migrated: {loss}.",
            f"Make sure that no row holds such a value, and list '{table.app}.{table.label}.{new.name}' under "
            "narrowed in --answers FILE.",
            "migrations.narrowed",
        )

    def renamed_member(self, table: Table, column: Column, old: str, new: str) -> bool:
        """Was the member `old` of an enum renamed to `new`? Otherwise it was removed."""
        return False

    def removed_member(self, table: Table, column: Column, member: str, members: Sequence[str]) -> str | None:
        """Return which of `members` rows get that hold the removed one; `None` when no row holds it."""
        raise unanswered(
            f"Enum {column.name!r} on model {table.label.lower()!r} not migrated: member {member!r} is gone, and rows "
            "may hold it.",
            f"Say what they get, or that there are none, in --answers FILE: "
            f"[members] '{table.app}.{table.label}.{column.name}.{member}' = {next(iter(members), '')!r} or false.",
            "migrations.member",
        )


class ForApps(Questioner):
    """Lets one questioner answer for some apps; for the others, which nobody asked about, anything will do."""

    def __init__(self, questioner: Questioner, apps: Collection[str]) -> None:
        self.questioner = questioner
        self.apps = apps

    def about(self, app: str) -> Questioner:
        """Return who answers questions about an app."""
        return self.questioner if app in self.apps else Anything()


class InSteps(Questioner):
    """Takes the safe answers; where a new column needs a value, its steps are written for someone to fill in."""

    def value_for_existing_rows(self, table: Table, column: Column) -> Any:
        """Return `IN_STEPS`."""
        return IN_STEPS


class Anything(Questioner):
    """Answers everything, for finding out whether there is anything to ask."""

    def renamed_column(self, table: Table, old: Column, new: Column) -> bool:
        """Return a stand-in."""
        return True

    def renamed_table(self, old: Table, new: Table) -> bool:
        """Return a stand-in."""
        return True

    def value_for_existing_rows(self, table: Table, column: Column) -> Any:
        """Return a stand-in."""
        return IN_STEPS

    def narrowed(self, table: Table, old: Column, new: Column, loss: str) -> bool:
        """Return a stand-in."""
        return True

    def removed_member(self, table: Table, column: Column, member: str, members: Sequence[str]) -> str | None:
        """Return a stand-in."""
        return None


def unanswered(message: str, hint: str, code: str) -> CommandError:
    """Return the error for a question that nobody answered: nothing is written."""
    return CommandError(message, hint=hint, code=code, exit_code=3)
