"""Types that are spelled otherwise and make the same column are one: no migration comes of the spelling."""

from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime
from workbench import Base, column, key, model, tables

from framework.migrations.inspection.reflect import reflect
from framework.migrations.inspection.scratch import told_back
from framework.migrations.schema.builder import build_metadata
from framework.migrations.schema.differences import differences
from framework.migrations.schema.table import Table
from framework.migrations.source.types import type_code

ONE: list[tuple[Any, ...]] = [
    (sa.DateTime(timezone=True), sa.TIMESTAMP(timezone=True), postgresql.TIMESTAMP(timezone=True), UTCDateTime()),
    (sa.DateTime(), sa.TIMESTAMP(), sa.DATETIME()),
    (sa.Date(), sa.DATE()),
    (sa.Time(), sa.TIME(), postgresql.TIME()),
    (sa.Interval(), postgresql.INTERVAL()),
    (sa.String(20), sa.VARCHAR(20), sa.Unicode(20), AutoString(20)),
    (sa.String(), sa.VARCHAR()),
    (sa.Text(), sa.TEXT(), sa.UnicodeText()),
    (sa.Integer(), sa.INTEGER()),
    (sa.BigInteger(), sa.BIGINT()),
    (sa.SmallInteger(), sa.SMALLINT()),
    (sa.Numeric(8, 2), sa.NUMERIC(8, 2), sa.DECIMAL(8, 2), sa.Numeric(8, 2, asdecimal=False)),
    (sa.Numeric(8), sa.NUMERIC(8, 0)),
    (sa.Float(), sa.FLOAT(), sa.Double(), sa.DOUBLE_PRECISION(), sa.Float(53), sa.DOUBLE()),
    (sa.REAL(), sa.Float(24), sa.FLOAT(10)),
    (sa.Boolean(), sa.BOOLEAN()),
    (sa.Uuid(), sa.UUID(), postgresql.UUID(), postgresql.UUID(as_uuid=False)),
    (sa.LargeBinary(), sa.BLOB(), postgresql.BYTEA()),
    (sa.JSON(), postgresql.JSON(), sa.JSON(none_as_null=True)),
    (sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), postgresql.JSONB().with_variant(sa.JSON(), "sqlite")),
    (sa.Enum("a", "b", name="state"), postgresql.ENUM("a", "b", name="state", create_type=False)),
    (sa.ARRAY(sa.String(9)), postgresql.ARRAY(sa.VARCHAR(9)), postgresql.ARRAY(sa.String(9), dimensions=2)),
]
OTHER: list[tuple[Any, Any]] = [
    (sa.DateTime(), sa.TIMESTAMP(timezone=True)),
    (sa.DateTime(), postgresql.TIMESTAMP(precision=3)),
    (sa.Interval(), postgresql.INTERVAL(precision=3)),
    (sa.String(20), sa.VARCHAR(21)),
    (sa.String(20), sa.CHAR(20)),
    (sa.String(20), sa.String(20, collation="C")),
    (sa.Text(), postgresql.CITEXT()),
    (sa.String(), sa.Text()),
    (sa.Numeric(8, 2), sa.DECIMAL(8, 3)),
    (sa.Float(), sa.REAL()),
    (sa.JSON(), postgresql.JSONB()),
    (sa.Uuid(), sa.Uuid(native_uuid=False)),
    (sa.Integer(), sa.BigInteger().with_variant(sa.Integer(), "sqlite")),
    (sa.Enum("a", name="state"), sa.Enum("a", name="state", native_enum=False)),
    (sa.Boolean(), sa.Boolean(create_constraint=True)),
    (postgresql.ARRAY(sa.String(9)), postgresql.ARRAY(sa.Text)),
]


def named(types: object) -> str:
    return repr(types)


@pytest.mark.parametrize("spellings", ONE, ids=named)
def test_spellings_of_one_type_are_equal(spellings: tuple[Any, ...]) -> None:
    codes = [type_code(type_) for type_ in spellings]
    assert all(one == other for one in codes for other in codes)
    assert len({hash(code) for code in codes}) == 1
    # Written in a file, each stays what it is.
    assert len({code.text for code in codes}) >= len(codes) - 1


@pytest.mark.parametrize(("one", "other"), OTHER, ids=named)
def test_types_that_make_other_columns_are_not(one: Any, other: Any) -> None:
    assert type_code(one) != type_code(other)


ELSEWHERE = {
    "sqlite": {"ARRAY", "BYTEA", "INTERVAL"},
    "postgresql": {"DATETIME", "DOUBLE", "BLOB", "ENUM"},
}
"""What one of the databases has no column for, or not of its own."""


async def test_spellings_of_one_type_are_no_drift_on_a_real_database(base: Base) -> None:
    dialect = base.engine.dialect
    pairs = [
        pair
        for spellings in ONE
        for pair in permutations([item for item in spellings if item.__visit_name__ not in ELSEWHERE[dialect.name]], 2)
    ]
    names = [f"x{place}" for place in range(len(pairs))]

    def made(side: int) -> dict[str, Table]:
        columns = (column(name, lambda type_=pair[side]: type_) for name, pair in zip(names, pairs, strict=True))
        return tables(model("blog", "Post", key, *columns))

    def look(connection: sa.Connection) -> list[str]:
        build_metadata(made(0).values()).create_all(connection)
        return list(map(str, differences(told_back(connection, made(1)), reflect(connection).tables, dialect)))

    async with base.engine.begin() as connection:
        assert await connection.run_sync(look) == []


async def test_files_that_alembic_wrote_fit_models_that_spell_their_types_otherwise(base: Base) -> None:
    workshop = base.workshop
    workshop.write(
        "blog",
        "0001_initial",
        "def upgrade():\n"
        "    op.create_table(\n"
        "        'blog_post',\n"
        "        sa.Column('id', sa.INTEGER(), nullable=False),\n"
        "        sa.Column('made', sa.TIMESTAMP(timezone=True), nullable=True),\n"
        "        sa.Column('title', sa.VARCHAR(length=20), nullable=True),\n"
        "        sa.Column('price', sa.NUMERIC(8, 2), nullable=True),\n"
        "        sa.Column('ratio', sa.DOUBLE_PRECISION(precision=53), nullable=True),\n"
        "        sa.PrimaryKeyConstraint('id', name='pk_blog_post'),\n"
        "    )\n",
    )
    post = model(
        "blog",
        "Post",
        key,
        column("made", sa.DateTime(timezone=True)),
        column("title", AutoString(20)),
        column("price", sa.Numeric(8, 2)),
        column("ratio", sa.Float),
    )
    assert workshop.detect(post) == []
    await base.migrate()
    async with base.engine.connect() as connection:
        told = await connection.run_sync(told_back, tables(post))
        live = (await connection.run_sync(lambda sync: reflect(sync).tables))["blog_post"]
    apart = [str(item) for item in differences(told, {"blog_post": live}, base.engine.dialect)]
    assert apart == []
