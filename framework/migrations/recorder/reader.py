"""What a database says of its migrations, and reading it with its driver alone: no SQLAlchemy is loaded."""

import asyncio
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from framework.db.url import DatabaseURL
from framework.errors import CommandError
from framework.migrations.errors import HistoryError
from framework.migrations.history.graph import Graph
from framework.migrations.history.replacements import stands_for

__all__ = ["ALEMBIC", "PROGRESS", "ROWS", "Rows", "read_rows"]

ROWS = "framework_migration"
"""The table with a row for every migration that was applied."""
PROGRESS = "framework_migration_progress"
"""The table with those that broke off."""
ALEMBIC = "alembic_version"
"""The table that Alembic kept before this project had one of ours."""


@dataclass(frozen=True, slots=True)
class Rows:
    """What the tables hold."""

    names: frozenset[tuple[str, str]] = frozenset()
    """App and name of every migration that was applied, those without a file too."""
    versions: tuple[str, ...] = ()
    """What Alembic noted, as long as there is no table of ours."""
    unfinished: tuple[str, ...] = field(default=(), compare=False)
    """Those that broke off on their way."""
    times: Mapping[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str], compare=False)
    """When each was applied, in UTC, as far as it was asked for."""

    def within(self, graph: Graph) -> "Rows":
        """Return the rows under the labels that apps have now, with what Alembic noted, as far as there are files."""
        names = {(graph.former.get(app, app), name) for app, name in self.names}
        noted = (graph.files[revision] for revision in ancestors(graph, self.versions))
        times = {(graph.former.get(app, app), name): time for (app, name), time in self.times.items()}
        return replace(self, names=frozenset(names | {(node.app, node.name) for node in noted}), times=times)

    def applied(self, graph: Graph) -> set[str]:
        """Return the revisions of `graph` that were applied; a squashed one is when all that it replaces is."""
        return {
            node.revision
            for node in graph.nodes.values()
            if all(row in self.names for row in stands_for(node, graph.files) or [(node.app, node.name)])
        }

    def unsaid(self, graph: Graph) -> set[str]:
        """Return the revisions that are applied without a row: squashed ones, and what Alembic noted."""
        return {
            revision
            for revision in self.within(graph).applied(graph)
            if (graph.nodes[revision].app, graph.nodes[revision].name) not in self.names
        }

    def news(self, graph: Graph) -> list[str]:
        """Return what a person is told when the rows are brought up to date."""
        lines: list[str] = []
        if noted := ancestors(graph, self.versions):
            names = [str(graph.files[version]) for version in self.versions if version in graph.files]
            lines.append(
                f"Took over {ALEMBIC}: {len(noted)} migration(s) count as applied, up to {' and '.join(names)}. "
                f"The rows are in {ROWS} from now on; {ALEMBIC} is not read again and may be dropped."
            )
        for old in sorted({app for app, _ in self.names if app in graph.former}):
            lines.append(f"App {old!r} is called {graph.former[old]!r} now; its rows are renamed.")
        return lines

    def require_files(self, graph: Graph) -> None:
        """Raise when Alembic noted what no file is called."""
        unknown = [version for version in self.versions if version not in graph.files]
        if unknown:
            raise HistoryError(
                f"This database was migrated by Alembic up to {', '.join(unknown)}, and no migration of an installed "
                f"app has that revision.",
                hint="Move Alembic's versions into an app's migrations folder (or name theirs in the setting "
                "migrations.folders). If they are no longer wanted, mark what the database has with 'migrate --fake'.",
                code="migrations.takeover",
            )


def ancestors(graph: Graph, revisions: Iterable[str]) -> set[str]:
    """Return revisions and all that come before them among the files."""
    found: set[str] = set()
    waiting = list(revisions)
    while waiting:
        revision = waiting.pop()
        if revision in graph.files and revision not in found:
            found.add(revision)
            waiting.extend(graph.files[revision].before)
    return found


def read_rows(url: DatabaseURL) -> Rows:
    """Return what a database says. Runs a loop of its own; a file that is not there is not made."""
    try:
        return read_sqlite(url) if url.backend == "sqlite" else asyncio.run(read_postgresql(url))
    except (OSError, sqlite3.Error, TimeoutError) as error:
        raise unreadable(url, error) from error


def unreadable(url: DatabaseURL, error: BaseException) -> CommandError:
    """Return the error for a database that cannot be opened or asked."""
    return CommandError(
        f"The database {url} cannot be read: {str(error) or type(error).__name__}",
        hint="See that it runs, and that DATABASE_URL names it.",
        code="migrations.unreadable",
    )


def read_sqlite(url: DatabaseURL) -> Rows:
    path = url.path
    if path is None or not path.exists():
        return Rows()
    # Whoever may not write leaves the files of a write-ahead log behind; nothing is written, and no file is made.
    connection = sqlite3.connect(f"file:{quote(str(path))}?mode=rw", uri=True, timeout=60)
    try:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        found = {table: list(connection.execute(query)) for table, query in queries(tables)}
    finally:
        connection.close()
    return rows_from(found)


async def read_postgresql(url: DatabaseURL) -> Rows:
    import asyncpg  # pyright: ignore[reportMissingTypeStubs]  # it has none

    driver: Any = asyncpg
    place = {"host": url.host, "port": url.port, "user": url.username, "password": url.password}
    arguments = {name: value for name, value in place.items() if value is not None} | dict(url.connect_args)
    arguments.pop("prepared_statement_cache_size", None)  # SQLAlchemy's
    try:
        connection = await driver.connect(database=url.database or None, **arguments)
        try:
            listed = await connection.fetch(
                "SELECT name FROM unnest($1::text[]) AS name WHERE to_regclass(quote_ident(name)) IS NOT NULL",
                [ROWS, PROGRESS, ALEMBIC],
            )
            pairs = queries({row[0] for row in listed})
            return rows_from({table: [tuple(row) for row in await connection.fetch(query)] for table, query in pairs})
        finally:
            await connection.close()
    except driver.PostgresError as error:
        raise unreadable(url, error) from error


def queries(tables: set[str]) -> list[tuple[str, str]]:
    """Return what to ask of those tables that are there."""
    wanted = {ROWS: f"SELECT app, name, applied_at FROM {ROWS}", PROGRESS: f"SELECT app, name FROM {PROGRESS}"}  # noqa: S608 — constants
    if ROWS not in tables:
        wanted[ALEMBIC] = f"SELECT version_num FROM {ALEMBIC}"  # noqa: S608
    return [(table, query) for table, query in wanted.items() if table in tables]


def rows_from(found: dict[str, list[Any]]) -> Rows:
    return Rows(
        frozenset((app, name) for app, name, _ in found.get(ROWS, ())),
        tuple(sorted(version for (version,) in found.get(ALEMBIC, ()))),
        tuple(sorted(f"{app}.{name}" for app, name in found.get(PROGRESS, ()))),
        {(app, name): str(time)[:19] for app, name, time in found.get(ROWS, ())},
    )
