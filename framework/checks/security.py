"""Checks of the settings that keep strangers out."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from framework.checks.message import Level, Message
from framework.errors import ImproperlyConfigured

if TYPE_CHECKING:
    from framework.project import Project


def check_secret_key(project: "Project") -> Iterator[Message]:
    """Find a project whose tokens and cookies anyone could sign."""
    try:
        project.settings.require_secret_key()
    except ImproperlyConfigured as error:
        yield Message(Level.ERROR, error.message, hint=error.hint, code=error.code, where="settings.secret_key")


def check_debug(project: "Project") -> Iterator[Message]:
    """Find a deployment that shows its insides to anyone who makes it fail."""
    if project.settings.debug:
        yield Message(
            Level.ERROR,
            "debug is on: errors show source, settings and data to the client.",
            hint=f"Set DEBUG=0. It is on by {project.settings.source('debug')}.",
            code="security.debug",
            where="settings.debug",
        )


def check_allowed_hosts(project: "Project") -> Iterator[Message]:
    """Find a deployment that answers to no host name, or to all."""
    hosts = project.settings.allowed_hosts
    if not hosts or "*" in hosts:
        found = "holds '*': any host name is answered" if hosts else "is empty: only this machine's names are answered"
        yield Message(
            Level.WARNING,
            f"allowed_hosts {found}.",
            hint="Name the hosts that people use: ALLOWED_HOSTS=example.com,www.example.com",
            code="security.allowed-hosts",
            where="settings.allowed_hosts",
        )
