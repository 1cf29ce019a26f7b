"""Migrations: one history per app, on Alembic, with Django's commands. Loads SQLAlchemy and Alembic only when used.

`makemigrations` replays the `history` of files into a `state`, has the `autodetector` compare it with the models, and
the `writer` write what is new. `migrate` asks the `recorder` what is applied and `safety` whether the rest may run, and
has the `executor` run it through the `schema_editor`.
"""

from typing import TYPE_CHECKING

from framework.lazy import front_door

if TYPE_CHECKING:
    from framework.migrations.data.data import Data, SyncData
    from framework.migrations.executor.project import migrate
    from framework.migrations.operations.op import op
    from framework.migrations.settings import MigrationsSettings

__all__ = ["Data", "MigrationsSettings", "SyncData", "migrate", "op"]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "data.data": ["Data", "SyncData"],
        "executor.project": ["migrate"],
        "operations.op": ["op"],
        "settings": ["MigrationsSettings"],
    },
)
