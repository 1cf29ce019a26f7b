"""What files and database say of a project that is not loaded: no models, no SQLAlchemy, no Alembic."""

import asyncio
from dataclasses import dataclass

from framework.conf import Settings
from framework.db.guards import guards
from framework.db.settings import DatabaseSettings
from framework.db.url import DatabaseURL
from framework.management import Invocation
from framework.migrations.history.graph import Graph
from framework.migrations.history.project import Site, graph_of
from framework.migrations.recorder.reader import Rows, read_rows

__all__ = ["Status", "look"]


@dataclass(frozen=True, slots=True)
class Status:
    """The history, as it is for one database, and what of it that database has."""

    graph: Graph
    rows: Rows
    """What the tables hold, word for word."""
    applied: set[str]
    """The revisions of `graph` that were applied."""
    url: DatabaseURL
    """The database."""

    @property
    def unsaid(self) -> bool:
        """Whether some of them have no row yet."""
        return bool(self.rows.unsaid(self.graph))


def look(invocation: Invocation, outline: Site) -> Status:
    """Return how a project stands with the database that its settings name.

    A project that replaces the service `Database` is loaded to ask it. Runs a loop of its own.
    """
    graph = graph_of(outline)
    url = url_of(invocation, outline.settings)
    rows = read_rows(url)
    everything = rows.within(graph)
    graph = graph.given(everything.names)
    return Status(graph, rows, everything.applied(graph), url)


def url_of(invocation: Invocation, settings: Settings) -> DatabaseURL:
    if any(path.replace(":", ".").endswith(".Database") for path in settings.services):
        from framework.migrations.database.connection import database_of

        return asyncio.run(database_of(invocation.project)).url
    section = settings.section(DatabaseSettings)
    url = DatabaseURL.parse(section.url, root=settings.root)
    for guard in guards:
        guard(url)
    return url
