"""Rules about tables that go or change their name."""

from collections.abc import Iterator

from alembic.operations import ops

from framework.migrations.safety.rule import Case, Rule

__all__ = ["RULES"]


def dropped(case: Case) -> Iterator[str]:
    if case.table and isinstance(case.operation, ops.DropTableOp):
        yield f"drops table {case.table.key!r}"


def renamed(case: Case) -> Iterator[str]:
    if case.table and isinstance(case.operation, ops.RenameTableOp):
        yield f"renames table {case.table.key!r} to {case.operation.new_table_name!r}"


RULES = (
    Rule(
        "drop-table",
        "A table is dropped that the running release still reads",
        "The running release fails wherever it uses the table, until the new release runs.",
        (
            "Take the model out and deploy that release.",
            "Drop the table in a migration of the next release.",
        ),
        dropped,
    ),
    Rule(
        "rename-table",
        "A table is renamed",
        "The running release knows only the old name, the new release only the new one: one of them fails.",
        (
            "Keep the old name in Python: __tablename__ = 'old'.",
            "Or create a table of the new name, let the release write both, copy the rows in a migration with data(), "
            "and drop the old one after the next release.",
        ),
        renamed,
    ),
)
