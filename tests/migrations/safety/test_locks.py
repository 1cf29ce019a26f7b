"""What PostgreSQL itself says to the rules: which steps keep others from a table, and which rewrite it."""

import asyncio
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from workbench import Base, column, key, model

from framework.migrations.history.loader import load_module
from framework.migrations.operations.op import bound
from framework.migrations.safety.defaults import is_volatile
from framework.migrations.safety.type_changes import rewrites
from framework.migrations.schema.reader import read_column
from framework.migrations.schema_editor.operations import LiveOperations
from framework.migrations.state.replay import replay

TAG = model("blog", "Tag", key, column("name", sa.String(50)))
NULLS = 'op.create_check_constraint("ck_null", "blog_tag", "name IS NOT NULL"{})'
STEPS = {
    "op.create_index('ix', 'blog_tag', ['name'])": "ShareLock",
    'op.create_unique_constraint("uq", "blog_tag", ["name"])': "AccessExclusiveLock",
    'op.create_foreign_key("fk", "blog_tag", "blog_tag", ["id"], ["id"])': "ShareRowExclusiveLock",
    NULLS.format(""): "AccessExclusiveLock",
    'op.alter_column("blog_tag", "name", nullable=False)': "AccessExclusiveLock",
    'op.alter_column("blog_tag", "id", type_=sa.BigInteger())': "AccessExclusiveLock",
}


async def insert(base: Base) -> None:
    """Write to the table as the running release does, which waits for nobody for long."""
    await base.execute("SET lock_timeout = '150ms'", "INSERT INTO blog_tag (name) VALUES ('red')")


async def test_unsafe_steps_keep_writers_out_until_they_are_done(postgres: Base) -> None:
    postgres.workshop.make(TAG)
    await postgres.migrate()
    for step, mode in STEPS.items():
        postgres.workshop.write("blog", "0002_x", f"def upgrade():\n    {step}\n", down_revision="blog.0001_initial")
        async with postgres.engine.connect() as connection:
            assert mode in await connection.run_sync(locks_taken, postgres), step
            with pytest.raises(DBAPIError, match="lock timeout"):
                await insert(postgres)


async def test_validating_later_lets_writers_in(postgres: Base) -> None:
    workshop = postgres.workshop
    workshop.make(TAG)
    step = NULLS.format(", postgresql_not_valid=True")
    workshop.write("blog", "0002_x", f"def upgrade():\n    {step}\n", down_revision="blog.0001_initial")
    await postgres.migrate()
    step = 'op.validate_constraint("ck_null", "blog_tag")'
    workshop.write("blog", "0003_x", f"def upgrade():\n    {step}\n", down_revision="blog.0002_x")
    async with postgres.engine.connect() as connection:
        assert await connection.run_sync(locks_taken, postgres) == ["ShareUpdateExclusiveLock"]
        await insert(postgres)


def locks_taken(connection: sa.Connection, base: Base) -> list[str]:
    """Run the last migration in a transaction that stays open; return its locks on the table."""
    graph = base.workshop.graph()
    migration = graph.nodes[graph.order[-1]]
    context = MigrationContext.configure(connection)
    with bound(LiveOperations(context, replay(graph, graph.order[:-1]), migration)):
        load_module(migration).upgrade()
    held = sa.text(
        "SELECT DISTINCT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = 'blog_tag'::regclass"
        " AND granted AND mode NOT IN ('AccessShareLock', 'RowShareLock') ORDER BY mode"
    )
    return list(connection.execute(held).scalars())


async def test_an_index_built_the_safe_way_lets_writers_in(postgres: Base) -> None:
    workshop = postgres.workshop
    workshop.make(TAG)
    await postgres.migrate()
    step = "op.create_index('ix', 'blog_tag', ['name'], postgresql_concurrently=True)"
    text = f"def upgrade():\n    {step}\n"
    workshop.write("blog", "0002_x", text, down_revision="blog.0001_initial", transactional=False)
    async with postgres.engine.begin() as connection:
        # The build waits for this transaction: while it does, others must come through.
        await connection.exec_driver_sql("INSERT INTO blog_tag (name) VALUES ('red')")
        building = asyncio.ensure_future(postgres.migrate())
        async with asyncio.timeout(10):
            while not await postgres.rows("SELECT 1 FROM pg_class WHERE relname = 'ix'"):  # noqa: ASYNC110 — another server
                await asyncio.sleep(0.02)
        await insert(postgres)
        assert not building.done()
    await building
    assert await postgres.rows("SELECT indisvalid FROM pg_index WHERE indexrelid = 'ix'::regclass") == [(True,)]


TYPES: list[tuple[Any, Any]] = [
    (sa.String(50), sa.String(60)),
    (sa.String(50), sa.String()),
    (sa.String(50), sa.Text()),
    (sa.Text(), sa.String()),
    (sa.Text(), sa.String(50)),
    (sa.String(60), sa.String(50)),
    (sa.Integer(), sa.BigInteger()),
    (sa.Integer(), sa.Numeric(20, 0)),
    (sa.Numeric(8, 2), sa.Numeric(12, 2)),
    (sa.Numeric(8, 2), sa.Numeric()),
    (sa.Numeric(8, 2), sa.Numeric(12, 4)),
    (sa.Numeric(), sa.Numeric(12, 2)),
    (sa.Numeric(12, 2), sa.Numeric(8, 2)),
    (postgresql.TIMESTAMP(precision=3), postgresql.TIMESTAMP(precision=6)),
    (postgresql.TIMESTAMP(precision=3), postgresql.TIMESTAMP()),
    (postgresql.TIMESTAMP(True, 6), postgresql.TIMESTAMP(True, 3)),
    (postgresql.INTERVAL(precision=3), postgresql.INTERVAL()),
    (postgresql.CIDR(), postgresql.INET()),
    (postgresql.INET(), postgresql.CIDR()),
    (postgresql.BIT(3, varying=True), postgresql.BIT(5, varying=True)),
    (postgresql.JSON(), postgresql.JSONB()),
    (sa.CHAR(3), sa.CHAR(5)),
    (sa.Float(), sa.Double()),
    (sa.Float(), sa.REAL()),
    (sa.Float(10), sa.REAL()),
]
DEFAULTS: list[Any] = [
    "x",
    sa.text("'a(b)'"),
    sa.func.now(),
    sa.text("CURRENT_TIMESTAMP"),
    sa.text("'a'::varchar(5)"),
    sa.text("lower('A')"),
    sa.func.gen_random_uuid(),
    sa.text("clock_timestamp()"),
    sa.text("random()"),
    sa.text("nextval('counter')"),
]


async def test_the_rules_know_what_writes_a_table_anew(postgres: Base) -> None:
    async with postgres.engine.connect() as connection:
        await connection.run_sync(compare_with_the_rules)


def compare_with_the_rules(connection: sa.Connection) -> None:
    connection.exec_driver_sql("CREATE SEQUENCE counter")
    for old, new in TYPES:
        alter = f"ALTER TABLE t ALTER c TYPE {written(new)} USING c::{written(new)}"
        assert is_written_anew(connection, written(old), alter) == rewrites(old, new), (written(old), written(new))
    for default in DEFAULTS:
        added = sa.Column("d", sa.Text, server_default=default)
        text = str(sa.schema.CreateColumn(added).compile(dialect=postgresql.dialect())).partition("DEFAULT ")[2]
        alter = f"ALTER TABLE t ADD d text DEFAULT ({text})::text"
        assert is_written_anew(connection, "int", alter) == is_volatile(read_column(added)), text


def written(type_: Any) -> str:
    return str(type_.compile(dialect=postgresql.dialect()))


def is_written_anew(connection: sa.Connection, type_: str, alter: str) -> bool:
    """Tell whether a table with a row is in another file afterwards."""
    for statement in ("DROP TABLE IF EXISTS t", f"CREATE TABLE t (c {type_})", "INSERT INTO t VALUES (NULL)"):
        connection.exec_driver_sql(statement)
    place = "SELECT pg_relation_filenode('t')"
    before = connection.exec_driver_sql(place).scalar()
    connection.exec_driver_sql(alter)
    return connection.exec_driver_sql(place).scalar() != before
