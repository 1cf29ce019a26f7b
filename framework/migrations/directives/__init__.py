"""Operations that Alembic lacks, registered on its `op`."""

from alembic import op

from framework.migrations.directives.blocks import DatabaseOnly, StateOnly
from framework.migrations.directives.enums import AlterEnumOp
from framework.migrations.directives.filling import FillNullsOp
from framework.migrations.directives.renames import RenameConstraintOp, RenameIndexOp
from framework.migrations.directives.validation import NOT_VALID, UniqueFromIndexOp, ValidateConstraintOp

__all__ = [
    "NOT_VALID",
    "AlterEnumOp",
    "DatabaseOnly",
    "FillNullsOp",
    "RenameConstraintOp",
    "RenameIndexOp",
    "StateOnly",
    "UniqueFromIndexOp",
    "ValidateConstraintOp",
    "op",
]
