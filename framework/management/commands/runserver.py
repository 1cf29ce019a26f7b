"""`runserver`."""

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from framework.management.address import bind, parse
from framework.management.catalogue import locate
from framework.management.invocation import Invocation
from framework.management.reload import inherited_socket, supervise
from framework.services import Inject

commands = typer.Typer()


@commands.command()
def runserver(
    invocation: Inject[Invocation],
    address: Annotated[
        str | None,
        typer.Argument(
            metavar="[PORT|ADDRESS:PORT]", show_default=False, help="Where to listen; 127.0.0.1:8000 if left out."
        ),
    ] = None,
    ipv6: Annotated[bool, typer.Option("--ipv6", "-6", help="Listen on an IPv6 address.")] = False,
    noreload: Annotated[bool, typer.Option("--noreload", help="Do not reload when the code changes.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Serve for production in this many processes, without reload or debug.")
    ] = None,
) -> None:
    """Start a server for development, or with --workers for production."""
    invocation.require_project()
    wanted = parse(address, ipv6=ipv6)
    listener = inherited_socket()
    if listener is None:
        listener, wanted = bind(wanted)
        if workers is None and not noreload and os.name == "posix":
            typer.echo("Watching for file changes with WatchFiles")
            supervise(listener, watched(invocation), typer.echo)
            return
    # uvicorn is only imported where it serves.
    from framework.management.server import serve, serve_workers

    if workers is not None:
        if (source := invocation.deploy()) is not None:
            typer.echo(f"Debug is off with --workers, whatever {source} says.")
        serve_workers(invocation, listener, wanted, workers)
    else:
        invocation.develop()
        serve(invocation, listener, replace(wanted, port=listener.getsockname()[1]))


def watched(invocation: Invocation) -> Iterator[Path]:
    """Yield the project's folder, and those of installed apps that stand elsewhere but not among installed packages."""
    yield invocation.root
    try:
        installed = invocation.settings.installed_apps
    except Exception:  # the serving process says what is wrong, and the next save may mend it
        return
    for entry in installed:
        spec = locate(entry)
        for path in map(Path, (spec.submodule_search_locations or ()) if spec else ()):
            if not path.is_relative_to(invocation.root) and "site-packages" not in path.parts:
                yield path
