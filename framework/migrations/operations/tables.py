"""Which table an operation is about."""

from typing import Any, NamedTuple

from alembic.operations import ops

__all__ = ["Place", "place_of"]


class Place(NamedTuple):
    """A table by name."""

    table: str
    schema: str | None


def place_of(operation: ops.MigrateOperation) -> Place | None:
    """Return the table an operation is about, or `None` when it is about none that is told."""
    told: Any = operation  # Alembic's classes call it by different names
    table: str | None = getattr(told, "table_name", None) or getattr(told, "source_table", None)
    schema: str | None = getattr(told, "schema", None) or getattr(told, "kw", {}).get("source_schema")
    return None if table is None else Place(str(table), schema)
