"""The commands of the migrations: one file a command."""

from framework.migrations.commands import (
    inspectdb,
    makemigrations,
    migrate,
    optimizemigration,
    showmigrations,
    sqlmigrate,
    squashmigrations,
)
from framework.migrations.commands.group import commands

__all__ = [
    "commands",
    "inspectdb",
    "makemigrations",
    "migrate",
    "optimizemigration",
    "showmigrations",
    "sqlmigrate",
    "squashmigrations",
]
