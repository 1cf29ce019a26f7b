"""The commands of the migrations: one file a command."""

from framework.migrations.commands import makemigrations, migrate, showmigrations
from framework.migrations.commands.group import commands

__all__ = ["commands", "makemigrations", "migrate", "showmigrations"]
