"""`op`, with the operations that Alembic lacks; in a revision file it speaks to the operations at hand.

Alembic keeps one such object for the process. Two projects that migrate in one process, in two tasks or threads,
would get each other's; a context variable tells them apart.
"""

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from alembic import op
from alembic.operations import Operations

from framework.migrations.operations.alter_enum import AlterEnumOp
from framework.migrations.operations.blocks import DatabaseOnly, StateOnly
from framework.migrations.operations.fill_nulls import FillNullsOp
from framework.migrations.operations.renames import RenameConstraintOp, RenameIndexOp
from framework.migrations.operations.validation import UniqueFromIndexOp, ValidateConstraintOp

__all__ = ["OWN", "bound", "op"]

OWN = (
    AlterEnumOp,
    DatabaseOnly,
    FillNullsOp,
    RenameConstraintOp,
    RenameIndexOp,
    StateOnly,
    UniqueFromIndexOp,
    ValidateConstraintOp,
)
"""What Alembic lacks; importing each puts its function on `op`."""

current: ContextVar[Operations] = ContextVar("framework.migrations.operations")


class Proxy:
    """Stands where Alembic expects its operations."""

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(current.get(), name)
        except LookupError:
            raise NameError(
                f"op.{name}() was called outside a migration; write it inside upgrade() or downgrade()."
            ) from None


proxy = Proxy()


@contextmanager
def bound(operations: Operations) -> Generator[None]:
    """Make `alembic.op` mean `operations` for the code inside, in this task or thread only."""
    setattr(op, "_proxy", proxy)  # noqa: B010 — set each time: Alembic's own commands, run in this process, take it away
    token = current.set(operations)
    try:
        yield
    finally:
        current.reset(token)
