"""`dbshell`."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from framework.conf import Settings
from framework.db.settings import DatabaseSettings
from framework.db.url import DatabaseURL
from framework.services import Inject

commands = typer.Typer()

Rest = Annotated[list[str] | None, typer.Argument(metavar="[-- ARGUMENTS]", help="Handed to psql or sqlite3.")]


@commands.command()
def dbshell(settings: Inject[Settings], arguments: Rest = None) -> None:
    """Open psql or sqlite3 on the project's database; where that is missing, a plain prompt for SQL."""
    written = settings.section(DatabaseSettings).url
    url = DatabaseURL.parse(written, root=settings.root)
    command, environment = client(url, written, arguments or [])
    if command is None:
        from framework.db.connections.shell import talk

        talk(url)
        return
    # In the project's folder: certificates in the URL may be relative to it.
    environ = {**os.environ, **environment}
    done = subprocess.run(command, env=environ, cwd=settings.root, check=False)  # noqa: S603  # a client on PATH
    raise typer.Exit(done.returncode)


def client(url: DatabaseURL, written: str, arguments: Sequence[str]) -> tuple[list[str] | None, Mapping[str, str]]:
    """Return the command that opens a client, and its environment; no command where only Python is at hand."""
    if url.backend == "sqlite":
        program = shutil.which("sqlite3")
        own = [program] if program else [sys.executable, "-m", "sqlite3"]
        # The file first: what follows it and is no option is SQL.
        return [*own, url.database, *arguments], {}
    if (program := shutil.which("psql")) is None:
        return None, {}
    # The password goes by the environment: a command line can be read by every user of the machine.
    password = {"PGPASSWORD": url.password} if url.password else {}
    return [program, "--dbname", for_libpq(url, written), *arguments], password


ASYNCPG_ONLY = ("ssl", "command_timeout", "statement_cache_size", "prepared_statement_cache_size", "password")


def for_libpq(url: DatabaseURL, written: str) -> str:
    """Return the URL as psql reads it: without the password and without what only asyncpg knows."""
    from urllib.parse import parse_qsl, quote, urlencode

    address, _, query = written.partition("://")[2].partition("?")
    parameters = [(name, value) for name, value in parse_qsl(query) if name not in ASYNCPG_ONLY]
    user = f"{quote(url.username, safe='')}@" if url.username else ""
    place = address.rpartition("@")[2]
    return f"postgresql://{user}{place}" + (f"?{urlencode(parameters, quote_via=quote)}" if parameters else "")
