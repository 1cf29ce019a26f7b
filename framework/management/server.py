"""Serving a project: load it, check it, say so, and hand it to uvicorn."""

import asyncio
import logging
import os
import signal
import socket
import sys
from contextlib import suppress
from datetime import datetime
from math import ceil
from types import FrameType
from typing import Any, Never

import typer
import uvicorn

from framework import __version__, checks
from framework._modules import import_object
from framework.checks import Level
from framework.conf import FRAMEWORK_SETTINGS
from framework.errors import CommandError, ImproperlyConfigured
from framework.management.address import Address
from framework.management.catalogue import locate
from framework.management.connections import Protocol, limit_writes
from framework.management.findings import report
from framework.management.garbage import collect_as_usual
from framework.management.invocation import Invocation
from framework.management.supervisor import Supervisor
from framework.project import Project
from framework.web import WebSettings
from framework.web.checks import check_application

GRACE = 3
"""Seconds that a development server waits for requests in flight when it ends; in production the settings say."""

CLOSING = 5
"""Seconds that apps have to close what they hold when the last request is answered, before their process is killed."""


def serve(invocation: Invocation, listener: socket.socket, address: Address) -> None:
    """Serve for development in this process until SIGINT or SIGTERM."""
    # uvicorn raises the signal again after a graceful end; by itself SIGTERM would then look like a crash.
    signal.signal(signal.SIGTERM, _leave)
    typer.echo("Performing system checks...\n")
    application = load(invocation)
    project = checked(application, invocation)
    collect_as_usual()
    config = _config(application, listener, project, timeout_graceful_shutdown=GRACE)

    async def serve_now() -> None:
        # In the loop that serves, so that a database connection made here is of use there.
        if project.settings.debug:
            for app in project.apps:
                for line in await app.preflight(project):
                    typer.echo(line, color=invocation.color)
        typer.echo(banner(invocation, address), color=invocation.color)
        await uvicorn.Server(config).serve([listener])

    with suppress(KeyboardInterrupt):
        asyncio.run(serve_now(), loop_factory=config.get_loop_factory())


def _config(application: Any, listener: socket.socket, project: Project, **options: Any) -> uvicorn.Config:
    limit_writes(listener, project.settings.section(WebSettings).timeouts.write)
    # Logging is the project's (`framework.log`), its line for a request too; so is whom to believe (`trusted_proxies`).
    options |= {"log_config": None, "log_level": "warning", "access_log": False, "proxy_headers": False}
    return uvicorn.Config(application, http=Protocol, lifespan="on", **options)


def _leave(signum: int, frame: FrameType | None) -> Never:
    sys.exit(0)


def serve_workers(invocation: Invocation, listener: socket.socket, address: Address, workers: int) -> None:
    """Serve for production in `workers` processes, until SIGINT or SIGTERM.

    Raises `CommandError` for an application in debug.
    """
    typer.echo("Performing system checks...\n")
    application = load(invocation)
    if application.state.project.settings.debug:
        raise CommandError(
            f"The application is made with debug on ({application.state.project.settings.source('debug')}), though"
            " DEBUG=0 is set; with --workers it would show its insides to everybody.",
            hint="Leave debug out of the code, and write DEBUG=1 into .env: development reads it, --workers does not.",
            code="runserver.debug",
        )
    project = checked(application, invocation)
    target = asgi_target(invocation)
    own = target is not None and import_object(target) is application
    timeouts = project.settings.section(WebSettings).timeouts
    config = _config(
        target if own else f"{__name__}:create",
        listener,
        project,
        factory=not own,
        workers=workers,
        timeout_graceful_shutdown=ceil(timeouts.shutdown),
    )
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    typer.echo(f"Starting {workers} ASGI worker(s) at {address.url}\nQuit the server with CONTROL-C.")
    sys.exit(Supervisor(config, listener, limit=timeouts.drain + timeouts.shutdown + CLOSING).run())


def checked(application: Any, invocation: Invocation) -> Project:
    """Run the system checks and print what they say. An error ends the process."""
    project: Project = application.state.project
    found = [*checks.run(project), *check_application(project)]
    messages = [message for message in found if not checks.is_silenced(project, message)]
    failed = any(message.level >= Level.ERROR for message in messages)
    typer.echo(report(messages, silenced=len(found) - len(messages)), err=failed, color=invocation.color)
    if failed:
        sys.exit(1)
    return project


def load(invocation: Invocation) -> Any:
    """Return the ASGI application of the project: `app` of the `asgi` module beside its settings, or a new one.

    The module is passed over when the application it holds is of another settings class than the chosen one.
    """
    target = asgi_target(invocation)
    if target is None:
        return create(invocation)
    application: Any = import_object(target)
    project = getattr(getattr(application, "state", None), "project", None)
    if not isinstance(project, Project):
        raise ImproperlyConfigured(
            f"{target!r} is not the application of a project, but {type(application).__name__}.",
            hint="Write `app = create_app(Project(ProjectSettings()))` there, and wrap it as middleware of an app.",
            code="runserver.application",
        )
    return application if type(project.settings) is invocation.settings_class else create(invocation)


def asgi_target(invocation: Invocation) -> str | None:
    """Return `config.asgi:app` for settings in `config.settings`; `None` when there is no such module."""
    module = (invocation.target or "").partition(":")[0]
    package = module.rpartition(".")[0]
    name = f"{package}.asgi" if package else "asgi"
    return f"{name}:app" if locate(name) is not None else None


def create(invocation: Invocation | None = None) -> Any:
    """Return a new application of the project; in a worker process, of the one that the environment names."""
    from framework.web import create_app

    invocation = invocation or Invocation("", os.environ.get(FRAMEWORK_SETTINGS))
    return create_app(invocation.project)


def banner(invocation: Invocation, address: Address) -> str:
    """Return what Django says when it starts to serve."""
    return "\n".join(
        [
            f"{datetime.now():%B %d, %Y - %X}",  # noqa: DTZ005 — for the person at this terminal
            f"Framework version {__version__}, using settings {invocation.target!r}",
            f"Starting ASGI development server at {address.url}",
            "Quit the server with CONTROL-C.",
            "",
            typer.style("WARNING: This is a development server. In production: runserver --workers 4", fg="yellow"),
        ]
    )
