"""What the autodetector asks where the models alone don't tell."""

from typing import Any

from framework.errors import CommandError
from framework.migrations.schema import Column, Table

__all__ = ["Questioner"]


class Questioner:
    """Gives the safe answers, as `--noinput` does; subclass it to ask somebody."""

    def renamed_column(self, table: Table, old: Column, new: Column) -> bool:
        """Was the column `old` of `table` renamed to `new`? Otherwise one is dropped and the other added."""
        return False

    def renamed_table(self, old: Table, new: Table) -> bool:
        """Was the table `old` renamed to `new`? Otherwise one is dropped and the other created."""
        return False

    def value_for_existing_rows(self, table: Table, column: Column) -> Any:
        """Return what rows that exist get in a new column that may not be NULL and has no default."""
        raise CommandError(
            f"Field {column.name!r} on model {table.label.lower()!r} not migrated: it is impossible to add a "
            "non-nullable field without specifying a default.",
            hint="Give the field a plain default in models.py, or let it be None.",
            code="migrations.not-null",
            exit_code=3,
        )
