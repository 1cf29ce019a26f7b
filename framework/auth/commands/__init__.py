"""The commands of auth: one file a command."""

from framework.auth.commands import access
from framework.auth.commands.group import commands

__all__ = ["access", "commands"]
