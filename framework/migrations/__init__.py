"""Migrations: one history per app, on Alembic, with Django's commands. Loads SQLAlchemy and Alembic only when used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.migrations.data import Data, SyncData
    from framework.migrations.directives import op
    from framework.migrations.migrating import migrate
    from framework.migrations.settings import MigrationsSettings

__all__ = ["Data", "MigrationsSettings", "SyncData", "migrate", "op"]

HOMES = {
    "Data": "framework.migrations.data",
    "MigrationsSettings": "framework.migrations.settings",
    "SyncData": "framework.migrations.data",
    "migrate": "framework.migrations.migrating",
    "op": "framework.migrations.directives",
}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
