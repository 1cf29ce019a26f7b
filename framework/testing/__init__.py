"""What tests of a project use: a pytest plugin, real servers, rows made to order."""

from framework.testing.mailbox import Mailbox
from framework.testing.projects import Projects
from framework.testing.rows import Make
from framework.testing.users import LogIn

__all__ = ["LogIn", "Mailbox", "Make", "Projects"]
