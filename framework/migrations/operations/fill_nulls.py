"""`op.fill_nulls()`: one value for all rows that have none."""

from typing import Any

import sqlalchemy as sa
from alembic.operations import Operations, ops
from sqlalchemy.types import TypeEngine

__all__ = ["FillNullsOp"]


@Operations.register_operation("fill_nulls")
class FillNullsOp(ops.MigrateOperation):
    """Rows without a value in a column get one."""

    def __init__(
        self, table_name: str, column_name: str, value: object, type_: TypeEngine[Any], schema: str | None = None
    ) -> None:
        self.table_name = table_name
        self.column_name = column_name
        self.value = value
        self.type_ = type_
        self.schema = schema

    @classmethod
    def fill_nulls(
        cls,
        operations: Operations,
        table_name: str,
        column_name: str,
        value: object,
        type_: TypeEngine[Any],
        schema: str | None = None,
    ) -> None:
        """Give `value` to the rows that have NULL in a column; `type_` says how the database keeps it."""
        operations.invoke(cls(table_name, column_name, value, type_, schema))

    def to_statement(self) -> sa.Update:
        """Return the statement that does it."""
        column = sa.column(self.column_name, self.type_)
        table = sa.table(self.table_name, column, schema=self.schema)
        return table.update().where(column.is_(None)).values({column: self.value})


@Operations.implementation_for(FillNullsOp)
def fill_nulls(operations: Operations, operation: FillNullsOp) -> None:
    operations.migration_context.impl.execute(operation.to_statement())
