"""The commands of auth: one file a command."""

from framework.auth.commands import clearsessions, createkey, revoke
from framework.auth.commands.group import commands

__all__ = ["clearsessions", "commands", "createkey", "revoke"]
