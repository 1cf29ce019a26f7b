"""Migrations: one history per app, on Alembic, with Django's commands. Loads SQLAlchemy and Alembic only when used."""

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
