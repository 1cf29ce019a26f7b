"""The commands of the migrations: one file a command."""

from framework.migrations.commands import inspectdb, makemigrations, migrate, showmigrations, sqlmigrate
from framework.migrations.commands.group import commands

__all__ = ["commands", "inspectdb", "makemigrations", "migrate", "showmigrations", "sqlmigrate"]
