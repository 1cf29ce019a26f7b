"""A workshop: apps with models given as plain tables, their migrations in a temporary folder, a real database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncEngine

from framework.migrations.autodetector.arrangement import NewMigration
from framework.migrations.autodetector.detector import detect
from framework.migrations.autodetector.questioner import Questioner
from framework.migrations.executor.executor import Executor
from framework.migrations.history.graph import Graph, Step
from framework.migrations.history.loader import load_graph
from framework.migrations.schema.reader import read_table
from framework.migrations.schema.table import Table
from framework.migrations.state.replay import replay
from framework.migrations.state.state import State
from framework.migrations.writer.files import write

CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}

type Model = Callable[[sa.MetaData], sa.Table]


def model(app: str, name: str, *items: Callable[[], Any], **options: Any) -> Model:
    """Return what makes the table of a model; columns come as functions, for a table takes them for its own."""

    def make(metadata: sa.MetaData) -> sa.Table:
        info = {"app": app, "model": name}
        return sa.Table(f"{app}_{name.lower()}", metadata, *(item() for item in items), info=info, **options)

    return make


def column(name: str, type_: Any, *args: Any, **options: Any) -> Callable[[], Any]:
    """Return what makes a column; a foreign key comes as `to="users_user.id"`."""
    target, rules = options.pop("to", None), options.pop("rules", {})

    def make() -> Any:
        keys = [sa.ForeignKey(target, **rules)] if target else []
        return sa.Column(name, type_() if callable(type_) else type_, *args, *keys, **options)

    return make


def key() -> Any:
    return sa.Column("id", sa.Integer, primary_key=True)


def tables(*models: Model) -> dict[str, Table]:
    metadata = sa.MetaData(naming_convention=CONVENTION)
    made = [make(metadata) for make in models]
    return {table.key: read_table(table, table.info["app"], table.info["model"]) for table in made}


@dataclass
class Workshop:
    """Apps and their migrations in a folder."""

    folder: Path
    apps: tuple[str, ...] = ("blog", "users")
    questioner: Questioner = field(default_factory=Questioner)

    @property
    def folders(self) -> dict[str, Path]:
        return {app: self.folder / app / "migrations" for app in self.apps}

    def graph(self) -> Graph:
        return load_graph(self.folders)

    def state(self) -> State:
        return replay(self.graph())

    def detect(self, *models: Model) -> list[NewMigration]:
        graph = self.graph()
        return detect(graph, replay(graph), tables(*models), self.questioner)

    def make(self, *models: Model) -> list[str]:
        """Write the migrations that `models` lack; return their revisions. Nothing is left to find afterwards."""
        made = self.detect(*models)
        for migration in made:
            write(migration, self.folders[migration.app])
        assert [change.text for migration in self.detect(*models) for change in migration.changes] == []
        return [migration.revision for migration in made]

    def write(self, app: str, name: str, text: str, **header: object) -> Path:
        """Write a revision file by hand."""
        values = {"revision": f"{app}.{name}", "down_revision": None, **header}
        lines = [f"{key} = {value!r}" for key, value in values.items()]
        path = self.folders[app] / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        head = "import sqlalchemy as sa\nfrom alembic import op\n\n"
        path.write_text(head + "\n".join(lines) + "\n\n\n" + text)
        return path

    def text(self, revision: str) -> str:
        return self.graph().nodes[revision].path.read_text()


@dataclass
class Base:
    """A database and what migrates it."""

    engine: AsyncEngine
    workshop: Workshop

    def executor(self) -> Executor:
        return Executor(self.engine, self.workshop.graph())

    async def migrate(self, *targets: str) -> list[str]:
        """Apply all, or `targets` and what they need; return what was applied."""
        executor = self.executor()
        applied = await executor.applied()  # where files stand for others, this tells which of them count
        steps = executor.graph.forwards(targets or executor.graph.order, applied)
        await executor.run(steps)
        return [step.migration.revision for step in steps]

    async def take_back(self, revisions: Sequence[str]) -> None:
        executor = self.executor()
        await executor.applied()
        await executor.run([Step(executor.graph.nodes[item], forward=False) for item in revisions])

    async def execute(self, *statements: str) -> None:
        async with self.engine.begin() as connection:
            for statement in statements:
                await connection.exec_driver_sql(statement)

    async def rows(self, statement: str) -> list[tuple[Any, ...]]:
        async with self.engine.connect() as connection:
            return [tuple(row) for row in await connection.exec_driver_sql(statement)]

    async def inspect[T](self, look: Callable[[sa.Inspector], T]) -> T:
        async with self.engine.connect() as connection:
            return await connection.run_sync(lambda sync: look(sa.inspect(sync)))

    async def table_names(self) -> set[str]:
        return set(await self.inspect(lambda inspector: inspector.get_table_names())) - {"framework_migration"}
