"""`migrate --drift`: who is ahead of whom."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from legacy import Legacy, load
from workbench import Base, Model, column, key, model

from framework.migrations.autodetector.questioner import Anything
from framework.migrations.inspection.reflect import reflect
from framework.migrations.inspection.scratch import told_back
from framework.migrations.schema.differences import differences

MODELS = """
from decimal import Decimal

import sqlalchemy as sa

from framework.db import Field, Model


class Person(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    name: str = Field(max_length=50, unique=True)


class Post(Model, table=True):
    __table_args__ = (sa.CheckConstraint("price > 0", name="price"),)

    id: int = Field(default=None, primary_key=True)
    title: str = Field(max_length=200, index=True)
    price: Decimal = Field(max_digits=8, decimal_places=2, sa_column_kwargs={"server_default": sa.text("1")})
    author_id: int = Field(foreign_key="legacy.Person.id")
"""


@pytest.fixture
def legacy(tmp_path: Path) -> Legacy:
    made = Legacy(tmp_path / "project")
    made.write(MODELS)
    return made


async def test_everything_agrees(legacy: Legacy, database_url: str) -> None:
    said = legacy.manage(database_url, "makemigrations", "migrate", "migrate --drift")
    assert said.endswith("$ migrate --drift\nModels, migration files and database agree.\n")
    # Tables that no app ever owned are only told of.
    await load(database_url, "CREATE TABLE stranger (id INTEGER PRIMARY KEY); CREATE TABLE other (id INTEGER)")
    assert legacy.manage(database_url, "migrate --drift") == (
        "$ migrate --drift\n"
        "No app owns these tables; they are left alone: other, stranger\n"
        "Models, migration files and database agree.\n"
    )


async def test_each_of_the_three_may_be_ahead(legacy: Legacy, database_url: str) -> None:
    legacy.manage(database_url, "makemigrations", "migrate")
    legacy.write(MODELS + "    note: str | None = None\n")
    legacy.manage(database_url, "makemigrations")
    legacy.write(MODELS + "    note: str | None = None\n    more: str | None = None\n")
    assert legacy.manage(database_url, "migrate --drift") == (
        "$ migrate --drift\n"
        "legacy\n"
        "  Models are ahead of the files. Run 'manage.py makemigrations legacy':\n"
        "    + Add field more to post\n"
        "  Files are ahead of the database. Run 'manage.py migrate legacy':\n"
        "    0002_post_note\n"
        "exit 1\n"
    )
    # What is there already, of the files and of the models.
    text = "VARCHAR" if "sqlite" in database_url else "character varying"
    await load(
        database_url,
        f"ALTER TABLE legacy_post ADD note {text}; ALTER TABLE legacy_post ADD more {text};"
        "INSERT INTO framework_migration (app, name, applied_at) VALUES ('legacy', '0009_lost', '2026-01-01 00:00:00')",
    )
    said = legacy.manage(database_url, "migrate --drift")
    assert (
        "  The database is ahead of the files. It has migrations without a file:\n"
        "    0009_lost\n"
        "  The database differs from what its migrations made:\n"
        "    legacy_post: column note: in the database only\n"
        "      The database is ahead: migrations not applied yet make this. "
        "Note them: python manage.py migrate legacy --fake\n"
        "    legacy_post: column more: in the database only\n"
        "      The database is ahead, and as the models say: python manage.py makemigrations legacy, then python "
        "manage.py migrate legacy --fake\n"
        "exit 1\n"
    ) in said


async def test_what_the_database_has_otherwise_is_told_part_by_part(legacy: Legacy, postgres_url: str) -> None:
    legacy.manage(postgres_url, "makemigrations", "migrate")
    await load(
        postgres_url,
        """
        ALTER TABLE legacy_post ALTER title TYPE varchar(100);
        ALTER TABLE legacy_post ALTER price SET DEFAULT 2, ALTER price DROP NOT NULL;
        ALTER TABLE legacy_post DROP CONSTRAINT ck_legacy_post_price;
        ALTER TABLE legacy_post ADD CONSTRAINT ck_legacy_post_price CHECK (price > 1);
        ALTER TABLE legacy_post DROP CONSTRAINT fk_legacy_post_author_id;
        ALTER TABLE legacy_post ADD legacy text NOT NULL DEFAULT '';
        COMMENT ON COLUMN legacy_post.id IS 'the key';
        DROP INDEX ix_legacy_post_title;
        CREATE INDEX own ON legacy_post (lower(title)) WHERE price > 3;
        ALTER TABLE legacy_person RENAME CONSTRAINT uq_legacy_person_name TO names;
        """,
    )
    said = legacy.manage(postgres_url, "migrate --drift")
    lines = [line.strip() for line in said.splitlines() if line.startswith("    legacy_")]
    assert lines == [
        "legacy_person: constraint uq_legacy_person_name: named names, the migrations say uq_legacy_person_name",
        "legacy_post: column id: comment is 'the key', the migrations say None",
        "legacy_post: column title: type is VARCHAR(100), the migrations say VARCHAR(200)",
        "legacy_post: column price: may be NULL, the migrations say NOT NULL; default is '2', the migrations say '1'",
        "legacy_post: column legacy: in the database only",
        "legacy_post: constraint ck_legacy_post_price: CHECK (price > 1::numeric), "
        "the migrations say CHECK (price > 0::numeric)",
        "legacy_post: constraint fk_legacy_post_author_id: missing in the database: "
        "FOREIGN KEY (author_id) to legacy_person (id)",
        "legacy_post: index ix_legacy_post_title: missing in the database: INDEX (title)",
        "legacy_post: index own: in the database only: INDEX (lower(title::text)) "
        "postgresql_where='price > 3::numeric'",
    ]
    assert said.endswith("exit 1\n")
    assert "Add it to the models, makemigrations, and migrate --fake; or remove it by SQL" in said


async def test_a_table_that_is_gone_or_came_back(legacy: Legacy, database_url: str) -> None:
    legacy.manage(database_url, "makemigrations", "migrate")
    legacy.write(MODELS.partition("class Post")[0])
    legacy.manage(database_url, "makemigrations", "migrate")
    await load(database_url, "DROP TABLE legacy_person; CREATE TABLE legacy_post (id INTEGER PRIMARY KEY)")
    said = legacy.manage(database_url, "migrate --drift")
    assert "legacy_person: the table is missing in the database\n" in said
    assert "legacy_post: the table is in the database only\n" in said
    assert said.endswith("exit 1\n")


async def test_looking_leaves_nothing_behind(legacy: Legacy, postgres_url: str) -> None:
    legacy.manage(postgres_url, "makemigrations", "migrate", "migrate --drift")
    await load(
        postgres_url,
        """
        DO $$ BEGIN
            IF EXISTS (SELECT 1 FROM pg_class WHERE relname LIKE '%scratch%') THEN RAISE 'left'; END IF;
        END $$
        """,
    )


async def test_a_default_that_stays_while_the_type_changes_is_no_drift(base: Base) -> None:
    def numbers(whole: Any, text: Any, price: Any) -> Model:
        return model(
            "blog",
            "Numbers",
            key,
            column("whole", whole, server_default="7"),
            column("below", whole, server_default="-7"),
            column("text", text, server_default="it's 'x'"),
            column("price", price, server_default="1.25"),
        )

    async def apart() -> list[str]:
        state = base.workshop.state().tables
        async with base.engine.connect() as connection:
            live = await connection.run_sync(lambda sync: reflect(sync).tables)
            told = await connection.run_sync(told_back, state)
        found = {name: live[name] for name in told}
        return [str(item) for item in differences(told, found, base.engine.dialect)]

    base.workshop.questioner = Anything()
    for types in (
        (sa.BigInteger, sa.String(40), sa.Numeric(8, 2)),
        (sa.Integer, sa.Text, sa.Numeric(12, 2)),
        (sa.SmallInteger, sa.String(80), sa.Numeric(8, 2)),
        (sa.BigInteger, sa.Text, sa.Float),
    ):
        base.workshop.make(numbers(*types))
        await base.migrate()
        assert await apart() == []
    if base.engine.dialect.name == "postgresql":
        await base.execute("ALTER TABLE blog_numbers ALTER whole SET DEFAULT 8")
        assert len(await apart()) == 1
