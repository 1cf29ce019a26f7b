"""`with op.state_only():` and `with op.database_only():`: say what hand-written steps did, or hide them."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

from alembic.operations import Operations

from framework.errors import CommandError

__all__ = ["DatabaseOnly", "StateOnly"]


@Operations.register_operation("state_only")
class StateOnly:
    """Operations in this block change the state alone: what they do, plain SQL has done or will do."""

    @classmethod
    def state_only(cls, operations: Any) -> AbstractContextManager[None]:
        """Begin a block whose operations are not sent to the database. Alembic alone has no state, and refuses."""
        raise CommandError(
            "op.state_only() keeps steps from the database, which Alembic alone cannot do.",
            hint="Run this migration with manage.py migrate.",
            code="migrations.state-only",
        )


@Operations.register_operation("database_only")
class DatabaseOnly:
    """Operations in this block change the database alone: the models know nothing of what they make."""

    @classmethod
    def database_only(cls, operations: Any) -> AbstractContextManager[None]:
        """Begin a block whose operations leave the state as it is. Alembic alone has no state."""
        return nullcontext()
