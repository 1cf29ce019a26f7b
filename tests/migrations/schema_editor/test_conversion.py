"""Types change under rows, on both databases, and back; blocks change one side alone."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy.dialects import postgresql
from workbench import Base, Model, Workshop, column, key, model

from framework.migrations.autodetector.questioner import Questioner
from framework.migrations.errors import StateError
from framework.migrations.schema.table import Column, Table
from framework.migrations.state.replay import replay_one
from framework.migrations.state.state import State


class Daring(Questioner):
    """Takes every narrower type."""

    def narrowed(self, table: Table, old: Column, new: Column, loss: str) -> bool:
        return True


def post(type_: Any, **options: Any) -> Model:
    return model("blog", "Post", key, column("it", type_, **options))


ID = uuid.UUID("123e4567-e89b-12d3-a456-426614174000")
CONVERSIONS = [
    # type and default, value; type and default, value; the value after the way back
    (sa.String(20), "'1'", "'7'", sa.Integer, "1", 7, "7"),
    (sa.Integer, "0", "3", sa.Boolean, sa.true(), 1, 1),
    (sa.Integer, "0", "3", sa.String(20), "none", "3", 3),
    (sa.Integer, None, "3", sa.BigInteger, None, 3, 3),
    (sa.String(200), "a", "'text'", sa.String(50), "a", "text", "text"),
    (sa.Text, None, "'[1]'", sa.JSON, None, "[1]", "[1]"),
    (sa.JSON, None, "'[1]'", sa.JSON().with_variant(postgresql.JSONB(), "postgresql"), None, "[1]", "[1]"),
    (sa.Numeric(8, 2), "1.5", "2.25", sa.Numeric(10, 3), "1.5", 2.25, 2.25),
    (sa.Numeric(8, 2), "1.5", "2.75", sa.Integer, "1", 3, 3.0),
    (sa.Float, "0.5", "2.75", sa.Integer, "1", 3, 3.0),
    (sa.Float, "0.5", "0.25", sa.Boolean, sa.true(), 1, 1.0),
    (sa.Boolean, sa.true(), "true", sa.String(5), "no", "true", 1),
    (sa.String(5), "no", "'yes'", sa.Boolean, sa.false(), 1, "true"),
    (sa.Uuid, None, f"'{ID.hex}'", sa.String(36), None, str(ID), ID),
    (sa.Date, None, "'2026-01-02'", sa.String(30), None, "2026-01-02", "2026-01-02"),
]


@pytest.mark.parametrize(("old", "default", "value", "new", "then", "found", "back"), CONVERSIONS)
async def test_a_type_changes_with_rows_present(
    base: Base, old: Any, default: Any, value: str, new: Any, then: Any, found: object, back: object
) -> None:
    base.workshop.questioner = Daring()
    base.workshop.make(post(old, server_default=default))
    await base.migrate()
    await base.execute(f"INSERT INTO blog_post (id, it) VALUES (1, {value})")
    (made,) = base.workshop.make(post(new, server_default=then))
    await base.migrate()
    if default is not None:
        await base.execute("INSERT INTO blog_post (id) VALUES (2)", "DELETE FROM blog_post WHERE id = 2")
    assert await read(base) == found
    await base.take_back([made])
    kept = await read(base)
    assert (uuid.UUID(kept) if isinstance(back, uuid.UUID) else kept) == back


async def read(base: Base) -> Any:
    ((value,),) = await base.rows("SELECT it FROM blog_post")
    return value if isinstance(value, str | int | float) else float(value) if hasattr(value, "as_tuple") else str(value)


def test_a_time_without_a_zone_is_read_as_utc(workshop: Workshop) -> None:
    workshop.make(post(sa.DateTime))
    (made,) = workshop.make(post(sa.DateTime(timezone=True)))
    assert "postgresql_using=\"it AT TIME ZONE 'UTC'\"" in workshop.text(made)


async def test_blocks_change_one_side_alone(base: Base) -> None:
    workshop = base.workshop
    workshop.make(post(sa.Integer))
    workshop.write(
        "blog",
        "0002_by_hand",
        "def upgrade():\n"
        "    op.execute('CREATE TABLE blog_made (id INTEGER PRIMARY KEY)')\n"
        "    with op.state_only():\n"
        "        op.create_table('blog_made', sa.Column('id', sa.Integer, primary_key=True))\n"
        "        with op.batch_alter_table('blog_post') as batch_op:\n"
        "            batch_op.add_column(sa.Column('ghost', sa.Integer))\n"
        "    with op.database_only():\n"
        "        op.create_table('blog_hidden', sa.Column('id', sa.Integer, primary_key=True))\n"
        "    op.add_column('blog_made', sa.Column('name', sa.String(20)))\n",
        down_revision="blog.0001_initial",
    )
    await base.migrate()
    assert await base.table_names() == {"blog_post", "blog_made", "blog_hidden"}
    columns = await base.inspect(lambda look: {item["name"] for item in look.get_columns("blog_post")})
    assert columns == {"id", "it"}
    state = workshop.state()
    assert list(state.tables) == ["blog_post", "blog_made"]
    assert list(state.tables["blog_post"].columns) == ["id", "it", "ghost"]
    assert list(state.tables["blog_made"].columns) == ["id", "name"]


def test_blocks_are_noted_on_the_operations_and_don_t_nest(workshop: Workshop) -> None:
    text = "def upgrade():\n    with op.{}():\n        {}op.create_table('t', sa.Column('id', sa.Integer))\n"
    workshop.write("blog", "0001_initial", text.format("state_only", ""))
    (made,) = replay_one(workshop.graph().nodes["blog.0001_initial"], State())
    assert isinstance(made, ops.CreateTableOp)
    assert vars(made)["only"] == "state"
    workshop.write("blog", "0001_initial", text.format("state_only", "with op.database_only(): "))
    with pytest.raises(StateError, match="are nested"):
        workshop.state()


async def test_exact_types_of_postgresql_survive_the_way_through_a_file(
    workshop: Workshop, postgres_url: str, tmp_path: Any
) -> None:
    from framework.db.url import DatabaseURL
    from framework.migrations.database.connection import open_engine

    types: list[Any] = [
        postgresql.CITEXT,
        postgresql.HSTORE,
        postgresql.TSVECTOR,
        postgresql.INTERVAL(fields="DAY TO SECOND", precision=3),
        postgresql.BIT(8, varying=True),
        postgresql.MACADDR,
        postgresql.CIDR,
        postgresql.MONEY,
        postgresql.OID,
        postgresql.INT4RANGE,
        postgresql.DATEMULTIRANGE,
        postgresql.UUID,
        postgresql.BYTEA,
        postgresql.DOUBLE_PRECISION(53),
        postgresql.ENUM("a", "b", name="letter"),
        postgresql.ARRAY(sa.Enum("x", "y", name="sign"), dimensions=2),
        postgresql.ARRAY(sa.Numeric(6, 2)),
        sa.Time(timezone=True),
        sa.LargeBinary,
        sa.SmallInteger,
        sa.String(20, collation="C"),
    ]
    columns = [column(f"c{number}", type_) for number, type_ in enumerate(types)]
    place = model(
        "blog",
        "Place",
        key,
        *columns,
        column("room", sa.Integer),
        column("during", postgresql.TSTZRANGE),
        column("gone", sa.Boolean, server_default=sa.false()),
        lambda: postgresql.ExcludeConstraint(
            (sa.text("room"), "="), (sa.text("during"), "&&"), name="ex_room", where=sa.text("NOT gone")
        ),
        lambda: sa.Index("ix_some", "room", postgresql_where=sa.text("NOT gone"), postgresql_include=["during"]),
        lambda: sa.Index("ix_case", sa.text("lower(c0::text)"), unique=True),
        lambda: sa.UniqueConstraint("room", name="uq_later", deferrable=True, initially="DEFERRED"),
    )
    base = Base(open_engine(DatabaseURL.parse(postgres_url, root=tmp_path)), workshop)
    await base.execute("CREATE EXTENSION citext", "CREATE EXTENSION hstore", "CREATE EXTENSION btree_gist")
    workshop.make(place)
    await base.migrate()
    rows = await base.rows(
        "SELECT format_type(atttypid, atttypmod) FROM pg_attribute"
        " WHERE attrelid = 'blog_place'::regclass AND attname ~ '^c[0-9]' ORDER BY attnum"
    )
    assert [row[0] for row in rows] == [
        "citext",
        "hstore",
        "tsvector",
        "interval day to second(3)",
        "bit varying(8)",
        "macaddr",
        "cidr",
        "money",
        "oid",
        "int4range",
        "datemultirange",
        "uuid",
        "bytea",
        "double precision",
        "letter",
        "sign[]",
        "numeric(6,2)[]",
        "time with time zone",
        "bytea",
        "smallint",
        "character varying(20)",
    ]
    ((exclusion,),) = await base.rows("SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = 'ex_room'")
    assert exclusion == "EXCLUDE USING gist (room WITH =, during WITH &&) WHERE ((NOT gone))"
    await base.take_back(["blog.0001_initial"])
    await base.engine.dispose()
