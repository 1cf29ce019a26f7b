"""Whatever a schema becomes: nothing is left to find, the rows stay, and the way back leads to where it began.

`MIGRATIONS_EXAMPLES=2000 pytest tests/migrations/test_properties.py` looks longer, and elsewhere each time.
"""

import asyncio
import os
import sys
import tempfile
from collections.abc import Coroutine, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, example, given, note, settings
from schemas_drawn import CROWDED, HANDED_ON, MEMBERS, ROWS, Col, Pair, Tab, models_of, pairs, value_of
from sqlalchemy.ext.asyncio import AsyncEngine
from workbench import CONVENTION, Base, Workshop

from framework.db.url import DatabaseURL
from framework.migrations.autodetector.questioner import Questioner
from framework.migrations.database.connection import open_engine
from framework.migrations.inspection.reflect import reflect
from framework.migrations.inspection.scratch import told_back
from framework.migrations.schema.differences import differences
from framework.migrations.schema.table import Column, Table
from framework.migrations.state.state import State

EXAMPLES = int(os.environ.get("MIGRATIONS_EXAMPLES", "0"))
WORDS = ("name", "title", "text")
OWN = {"framework_migration", "framework_migration_progress"}

type Rows = dict[tuple[int, int], list[Any]]
"""What each column holds, by the numbers of table and column, in the order of the rows."""


@dataclass
class Runner:
    """One event loop for all examples, and an empty database for each: first SQLite, then PostgreSQL."""

    loop: asyncio.Runner
    folder: Path
    postgres: AsyncEngine

    def engines(self) -> Iterator[AsyncEngine]:
        file = self.folder / "test.sqlite3"
        file.unlink(missing_ok=True)
        engine = open_engine(DatabaseURL.parse(f"sqlite:///{file}", root=self.folder))
        yield engine
        self.run(engine.dispose())
        self.run(self.clear())
        yield self.postgres

    async def clear(self) -> None:
        async with self.postgres.begin() as connection:
            for statement in ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public"):
                await connection.exec_driver_sql(statement)

    def run[T](self, work: Coroutine[Any, Any, T]) -> T:
        return self.loop.run(work)


@pytest.fixture
def runner(tmp_path: Path, postgres_url: str) -> Iterator[Runner]:
    with asyncio.Runner() as loop:
        engine = open_engine(DatabaseURL.parse(postgres_url, root=tmp_path))
        yield Runner(loop, tmp_path, engine)
        loop.run(engine.dispose())


@dataclass
class Answers(Questioner):
    """Knows what was drawn."""

    pair: Pair

    def told_rename(self, key: str, *names: str) -> bool | None:
        # These changed so much besides that nobody asks.
        return True if f"{key.rpartition('.')[2]}Told" in names else None

    def renamed_table(self, old: Table, new: Table) -> bool:
        before = {table.key: table.number for table in self.pair.before}
        return before[old.name] == {table.key: table.number for table in self.pair.after}[new.name]

    def renamed_column(self, table: Table, old: Column, new: Column) -> bool:
        return new.name == f"{old.name}x"

    def value_for_existing_rows(self, table: Table, column: Column) -> Any:
        return self.value(table, column)

    def value_for_nulls(self, table: Table, column: Column) -> Any:
        return self.value(table, column)

    def value(self, table: Table, column: Column) -> Any:
        found = next(item for item in self.pair.after if item.key == table.name)
        return instead(self.pair, found, next(item for item in found.columns if item.name == column.name))

    def narrowed(self, table: Table, old: Column, new: Column, loss: str) -> bool:
        return True


def instead(pair: Pair, table: Tab, item: Col) -> Any:
    """Return what rows get that have NULL, namely where this value is missing; it must fit on the way back too."""
    columns = {(table.number, item.number): item for table in pair.before for item in table.columns}
    old = columns.get((table.number, item.number), item)
    return str(value_of(old.kind, 2)) if item.kind in WORDS and old.kind not in WORDS else value_of(item.kind, 2)


def metadata_of(tables: tuple[Tab, ...], grown: bool) -> dict[int, sa.Table]:
    metadata = sa.MetaData(naming_convention=CONVENTION)
    models = models_of(tables, MEMBERS[grown])
    return {table.number: make(metadata) for table, make in zip(tables, models, strict=True)}


def values(item: Col) -> list[Any]:
    return [None if item.nullable and row == 2 else value_of(item.kind, row) for row in ROWS]


async def fill(base: Base, pair: Pair) -> None:
    """Give every table its rows; keys go round in circles, so nobody watches meanwhile."""
    async with base.engine.begin() as connection:
        if base.engine.dialect.name == "postgresql":
            await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        tables = metadata_of(pair.before, False)
        for table in pair.before:
            columns = {item.name: values(item) for item in table.columns}
            rows = [{"id": row, **{name: column[row - 1] for name, column in columns.items()}} for row in ROWS]
            for row in rows:
                # A None of its own would be the null of JSON in a column of that type.
                held = {name: sa.null() if value is None else value for name, value in row.items()}
                await connection.execute(tables[table.number].insert().values(held))


async def read(base: Base, tables: tuple[Tab, ...], grown: bool) -> Rows:
    found: Rows = {}
    made = metadata_of(tables, grown)
    async with base.engine.connect() as connection:
        for table in tables:
            rows = (await connection.execute(made[table.number].select().order_by(made[table.number].c.id))).all()
            for item in table.columns:
                found[table.number, item.number] = [getattr(row, item.name) for row in rows]
    return found


def kept(pair: Pair, before: Rows) -> Rows:
    """Return what must be there afterwards: NULL became a value where it is forbidden, types changed."""
    wanted: Rows = {}
    olds = {(table.number, item.number): item for table in pair.before for item in table.columns}
    for table in pair.after:
        for item in table.columns:
            old = olds.get((table.number, item.number))
            if old is None:
                continue
            rows = before[table.number, item.number]
            if item.kind != old.kind and item.kind in WORDS:
                rows = [None if value is None else str(value) for value in rows]
            if not item.nullable:
                rows = [instead(pair, table, item) if value is None else value for value in rows]
            wanted[table.number, item.number] = rows
    return wanted


def may_return(pair: Pair) -> bool:
    """Tell whether the first schema can take the rows that are left: what was dropped comes back empty."""
    after = {table.number: {item.number for item in table.columns} for table in pair.after}
    for table in pair.before:
        for item in table.columns if table.number in after else ():
            if item.number not in after[table.number] and not (item.nullable and not item.default):
                return False
            if item.to is not None and item.to not in after:
                return False
    return True


async def empty(base: Base, pair: Pair) -> None:
    """Delete all rows."""
    async with base.engine.begin() as connection:
        if base.engine.dialect.name == "postgresql":
            await connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        for table in pair.after:
            await connection.exec_driver_sql(f"DELETE FROM {table.key}")


async def live(base: Base) -> dict[str, Table]:
    async with base.engine.connect() as connection:
        found = await connection.run_sync(lambda sync: reflect(sync).tables)
    return {name: table for name, table in found.items() if name not in OWN}


async def apart(base: Base, state: State) -> list[str]:
    """Return what the database has otherwise than the files say."""
    found = await live(base)
    async with base.engine.connect() as connection:
        told = await connection.run_sync(told_back, state.tables)
    return [str(item) for item in differences(told, found, base.engine.dialect)]


async def carry_through(base: Base, pair: Pair, begun: list[str]) -> None:
    """Go from one schema to the other and back on a database with rows."""
    await base.migrate(*begun)
    await fill(base, pair)
    schema, rows = await live(base), await read(base, pair.before, False)
    made = await base.migrate()
    assert await apart(base, base.workshop.state()) == []
    found = await read(base, pair.after, pair.grows)
    wanted = kept(pair, rows)
    assert {place: comparable(found[place]) for place in wanted} == {
        place: comparable(items) for place, items in wanted.items()
    }
    if not may_return(pair):
        await empty(base, pair)
    await base.take_back(list(reversed(made)))
    assert [str(item) for item in differences(schema, await live(base), base.engine.dialect)] == []
    if not may_return(pair):
        return
    back = await read(base, pair.before, False)
    for place, items in wanted.items():
        # What was NULL got a value on the way; nobody knows any more.
        assert [old for old, new in zip(back[place], rows[place], strict=True) if new is not None] == [
            item for item in rows[place] if item is not None
        ], (place, items)


def comparable(items: list[Any]) -> list[Any]:
    """Return times without zones: SQLite has none."""
    return [item.replace(tzinfo=None) if hasattr(item, "tzinfo") else item for item in items]


@contextmanager
def workshop_of(pair: Pair) -> Generator[tuple[Workshop, list[str]]]:
    """Write the migrations of both schemas."""
    modules = set(sys.modules)
    with tempfile.TemporaryDirectory() as folder:
        workshop = Workshop(Path(folder), questioner=Answers(pair))
        begun = workshop.make(*models_of(pair.before, MEMBERS[0]))
        workshop.make(*models_of(pair.after, MEMBERS[pair.grows]))
        for revision, node in workshop.graph().nodes.items():
            note(f"# {revision}\n{node.path.read_text()}")
        yield workshop, begun
    for name in set(sys.modules) - modules:
        if ".migrations.0" in name:
            del sys.modules[name]


@pytest.mark.timeout(3600 if EXAMPLES else 180)
@settings(
    max_examples=EXAMPLES or 8,
    derandomize=not EXAMPLES,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate, *([Phase.shrink] if EXAMPLES else [])],  # shrinking takes minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(pair=pairs())
@example(pair=CROWDED)
@example(pair=HANDED_ON)
def test_a_schema_becomes_another_with_its_rows_and_goes_back(pair: Pair, runner: Runner) -> None:
    with workshop_of(pair) as (workshop, begun):
        for engine in runner.engines():
            note(f"on {engine.dialect.name}")
            runner.run(carry_through(Base(engine, workshop), pair, begun))
