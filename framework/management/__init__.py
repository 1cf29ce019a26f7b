"""The command line: `manage.py`, the commands of the framework and of every installed app."""

from framework.management.command_line import main
from framework.management.invocation import Invocation

__all__ = ["Invocation", "main"]
