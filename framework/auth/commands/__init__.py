"""The commands of auth: one file a command."""

from framework.auth.commands import (
    access,
    changepassword,
    clearsessions,
    createkey,
    createsuperuser,
    revoke,
    users,
)
from framework.auth.commands.group import commands

__all__ = ["access", "changepassword", "clearsessions", "commands", "createkey", "createsuperuser", "revoke", "users"]
