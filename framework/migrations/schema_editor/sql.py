"""The SQL of one migration, for a database that need not be there."""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from io import StringIO
from typing import Any, Literal

import sqlalchemy as sa
from alembic.operations import ops
from alembic.runtime.migration import MigrationContext
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.elements import ClauseElement

from framework.errors import CommandError
from framework.migrations.errors import StateError
from framework.migrations.history.graph import Graph, Migration
from framework.migrations.history.loader import load_module
from framework.migrations.operations.descriptions import describe
from framework.migrations.operations.op import bound
from framework.migrations.schema_editor.batches import rebuilds
from framework.migrations.schema_editor.operations import LiveOperations
from framework.migrations.state.operations import Batch
from framework.migrations.state.replay import place, replay
from framework.migrations.state.state import State

__all__ = ["Backend", "statements"]

type Backend = Literal["postgresql", "sqlite"]

UNWRITABLE = """--
-- MIGRATION NOW PERFORMS OPERATION THAT CANNOT BE WRITTEN AS SQL:
-- {}()
--"""
LOOKING = ("PRAGMA table_", "PRAGMA main.", "PRAGMA temp.", "PRAGMA foreign_key", "PRAGMA index_", "SELECT ", "BEGIN")
"""What Alembic and we ask SQLite before a change."""


def statements(graph: Graph, migration: Migration, backend: Backend, *, backwards: bool = False) -> list[str]:
    """Return the lines that a migration runs on a database of a kind; none when it has no operations."""
    before = graph.ancestors([migration.revision])
    state = replay(graph, before if backwards else before[:-1])
    with opened(backend, state) as (context, output):
        operations = WritingOperations(context, state, migration, output)
        lines = operations.run("downgrade" if backwards else "upgrade", "undo_data" if backwards else "data")
    if lines and migration.transactional:
        return ["BEGIN;", *lines, "COMMIT;"]
    return lines


@contextmanager
def opened(backend: Backend, state: State) -> Generator[tuple[MigrationContext, "Output"]]:
    """Open what operations run on: PostgreSQL's are only written, SQLite's run in memory and are overheard."""
    if backend == "postgresql":
        buffer = StringIO()
        # Whoever pastes the SQL has no parameters to give; named ones leave a percent sign single.
        options = {"as_sql": True, "literal_binds": True, "output_buffer": buffer}
        written = MigrationContext.configure(dialect_name=backend, dialect_opts={"paramstyle": "named"}, opts=options)
        yield written, Output(buffer)
        return
    output = Output()
    engine = sa.create_engine("sqlite://", isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            # SQLite rebuilds tables, and what it rebuilds has to be there.
            state.metadata().create_all(connection)
            driver: Any = connection.connection.dbapi_connection
            driver.set_trace_callback(output.hear)
            yield MigrationContext.configure(connection), output
            driver.set_trace_callback(None)
    finally:
        engine.dispose()


class Output:
    """What has been written."""

    def __init__(self, buffer: StringIO | None = None) -> None:
        self.buffer = buffer
        self.heard: list[str] = []

    def hear(self, statement: str) -> None:
        """Take a statement that ran, unless it only looked."""
        if not statement.lstrip().startswith(LOOKING) and not statement.startswith("--"):
            self.heard.append(statement.strip().removesuffix(";") + ";")

    def take(self) -> list[str]:
        """Return what came since the last time."""
        if self.buffer is not None:
            text = self.buffer.getvalue()
            self.buffer.seek(0)
            self.buffer.truncate()
            self.heard += [part for part in text.replace("\t", "    ").split("\n\n") if part.strip()]
        taken, self.heard = self.heard, []
        return [statement.strip() for statement in taken]


class WritingOperations(LiveOperations):
    """What `op` is while a migration is written as SQL."""

    def __init__(self, context: MigrationContext, state: State, migration: Migration, output: Output) -> None:
        super().__init__(context, state, migration)
        self.output = output
        self.lines: list[str] = []

    def run(self, function: str, data: str) -> list[str]:
        """Write what a function of the file does; say where one works on rows."""
        module = load_module(self.migration)
        try:
            with bound(self):
                getattr(module, function, lambda: None)()
        except StateError as error:
            message = f"{place(self.migration, error)}: {error.message}"
            raise StateError(message, hint=error.hint, code=error.code) from None
        except (SQLAlchemyError, AttributeError) as error:
            raise CommandError(
                f"{self.migration} cannot be written as SQL: {error}",
                hint="It reads from the database, or does what this database cannot.",
                code="migrations.no-sql",
            ) from error
        self.flush()
        if hasattr(module, data):
            said = UNWRITABLE.format(data).splitlines()
            self.lines = self.lines + said if data == "data" else said + self.lines
        return self.lines

    def invoke(self, operation: ops.MigrateOperation) -> Any:
        """Write one operation, under a line that says what it does."""
        if self.sqlite and rebuilds(operation) and self.only != "state":
            return super().invoke(operation)  # says so where it is rebuilt
        self.announce([operation])
        if self.sqlite and isinstance(operation, ops.ExecuteSQLOp):
            # Running it in memory would need all that other such statements have made.
            self.output.hear(self.written_out(operation.sqltext))
            return self.note(operation)
        return super().invoke(operation)

    def written_out(self, statement: str | sa.Executable) -> str:
        """Return a statement with its values in it."""
        if not isinstance(statement, ClauseElement):
            return str(statement)
        text = statement.compile(dialect=self.migration_context.dialect, compile_kwargs={"literal_binds": True})
        return str(text)

    def alter(self, batch: Batch, options: dict[str, Any]) -> None:
        """Write what a block collected."""
        if self.sqlite or self.only == "state":
            super().alter(batch, options)
            return
        for operation in batch.collected:
            self.invoke(operation)

    def carry_out(self, batch: Batch, run: list[ops.MigrateOperation], options: dict[str, Any]) -> None:
        """Write changes that SQLite makes in one go."""
        self.announce(run)
        super().carry_out(batch, run, options)

    def announce(self, operations: Sequence[ops.MigrateOperation]) -> None:
        """Say what comes next."""
        self.flush()
        told = (describe(item, self.state.tables, self.migration.app) for item in operations)
        lines = [f"-- {text.partition(' ')[2]}" for text in told]  # without the sign, as Django
        self.lines += ["--", *lines, "--"]

    def flush(self) -> None:
        """Take down what the last operation came to."""
        taken = self.output.take()
        if not taken and self.lines:
            taken = ["-- (no-op)"]
        self.lines += taken
