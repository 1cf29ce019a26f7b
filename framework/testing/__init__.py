"""What tests of a project use: a pytest plugin, real servers, rows made to order."""

from framework.testing.mailbox import Mailbox
from framework.testing.projects import Projects
from framework.testing.rows import Make

__all__ = ["Mailbox", "Make", "Projects"]
