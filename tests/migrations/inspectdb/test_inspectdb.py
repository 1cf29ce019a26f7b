"""Databases that were there before: read, written as models, and made again from these without a difference."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from legacy import Legacy, load, read, schema
from sqlalchemy.dialects import postgresql, sqlite

from framework.migrations.inspectdb.inspector import Wanted, render
from framework.migrations.inspectdb.relations import Place
from framework.migrations.schema.differences import differences
from framework.testing.databases import Postgres

DIALECTS = {"sqlite": sqlite.dialect(), "postgresql": postgresql.dialect()}


@pytest.fixture
def legacy(tmp_path: Path) -> Legacy:
    return Legacy(tmp_path / "project")


@pytest.fixture
def urls(request: pytest.FixtureRequest, postgres_databases: Postgres, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """The URLs of two empty databases."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'old.sqlite3'}", f"sqlite:///{tmp_path / 'new.sqlite3'}"
        return
    found = postgres_databases.create(), postgres_databases.create()
    yield found
    for url in found:
        postgres_databases.drop(url)


@pytest.mark.parametrize(
    ("name", "urls", "count"),
    [
        ("wide", "sqlite", 4),
        ("wide", "postgresql", 9),
        ("django", "sqlite", 14),
        ("django", "postgresql", 13),
        ("procrastinate", "postgresql", 4),
        ("pgqueuer", "postgresql", 4),
    ],
    indirect=["urls"],
)
async def test_models_of_a_database_make_the_same_database(
    name: str, urls: tuple[str, str], count: int, legacy: Legacy
) -> None:
    old, new = urls
    await load(old, schema(name, old))
    backend = old.partition("+")[0].partition(":")[0]
    if name == "wide" and backend == "postgresql":
        await load(new, "CREATE EXTENSION citext; CREATE EXTENSION btree_gist; CREATE EXTENSION hstore;")
    before = await read(old)
    legacy.write(render(before, Wanted(views=True, partitions=True), {}, backend))

    said = legacy.manage(
        old,
        "makemigrations",
        "makemigrations --check",
        "check",
        "migrate --fake",
        "migrate --drift",
        f"use {new}",
        "migrate",
        "migrate --drift",
    )

    assert said.count("+ Create model") == count, said
    assert "$ makemigrations --check\nNo changes detected\n" in said
    assert said.count("Models, migration files and database agree.\n") == 2, said
    assert "exit" not in said
    after = await read(new)
    after.tables = {key: table for key, table in after.tables.items() if key != "framework_migration"}
    assert len(before.tables) == count
    assert [str(item) for item in differences(before.tables, after.tables, DIALECTS[backend])] == []
    assert {key: table.options for key, table in after.tables.items()} == {
        key: table.options for key, table in before.tables.items()
    }


def text_of(source: str, name: str) -> str:
    """Return one class or table out of a models.py."""
    start = source.index(name)
    return source[start : source.index("\n\n\n", start)]


async def test_a_model_says_no_more_than_it_has_to(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.sqlite3'}"
    await load(
        url,
        """
        CREATE TABLE person (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(50) NOT NULL UNIQUE);
        CREATE TABLE post (
            id INTEGER NOT NULL CONSTRAINT pk_post PRIMARY KEY,
            title VARCHAR(200) NOT NULL, body VARCHAR, "class" DATE, price NUMERIC(8, 2) NOT NULL,
            author_id INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE,
            reviewer INTEGER CONSTRAINT fk_post_reviewer REFERENCES person (id),
            answer_to_id INTEGER REFERENCES post (id),
            gone_id INTEGER REFERENCES nowhere (id)
        );
        CREATE INDEX ix_post_title ON post (title);
        CREATE TABLE keyless (a INTEGER);
        """,
    )
    source = render(await read(url), Wanted(), {}, "sqlite")
    assert (
        text_of(source, "# Left out")
        == """\
# Left out: (gone_id) points at nowhere (id), which is not among these tables.
class Post(Model, table=True):
    __tablename__ = "post"

    id: int = Field(default=None, primary_key=True)
    title: str = Field(max_length=200, index=True)
    body: str | None = None
    class_: dt.date | None = Field(default=None, sa_column_kwargs={"name": "class"})
    price: Decimal = Field(max_digits=8, decimal_places=2)
    author_id: int = Field(foreign_key="person.id", ondelete="CASCADE")
    reviewer: int | None = Field(default=None, foreign_key="person.id")
    answer_to_id: int | None = Field(default=None, foreign_key="post.id")
    gone_id: int | None = None

    author: "Person" = Relationship(
        sa_relationship_kwargs={"foreign_keys": lambda: Post.author_id}
    )
    person: "Person | None" = Relationship(
        sa_relationship_kwargs={"foreign_keys": lambda: Post.reviewer}
    )
    answer_to: "Post | None" = Relationship(
        sa_relationship_kwargs={"remote_side": lambda: Post.id}
    )"""
    )
    assert (
        "# keyless has no primary key, so it is no model; `select(keyless)` reads its rows.\nkeyless = sa.Table("
        in source
    )


async def test_models_of_installed_apps_are_named_by_their_label(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.sqlite3'}"
    await load(
        url,
        """
        CREATE TABLE people_person (id INTEGER PRIMARY KEY);
        CREATE TABLE post (id INTEGER PRIMARY KEY, author_id INTEGER NOT NULL REFERENCES people_person (id));
        """,
    )
    known = {"people_person": Place("Person", "people.Person", "people.models")}
    source = render(await read(url), Wanted(), known, "sqlite")
    assert "class PeoplePerson" not in source
    assert 'author_id: int = Field(foreign_key="people.Person.id")' in source
    assert 'author: "Person" = Relationship(to="people.Person")' in source
    assert "if TYPE_CHECKING:\n    from people.models import Person\n" in source


async def test_what_is_no_table_of_its_own_is_written_when_asked_for(postgres_url: str) -> None:
    await load(
        postgres_url,
        """
        CREATE TABLE event (at date NOT NULL, x xml, n serial) PARTITION BY RANGE (at);
        CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
        CREATE VIEW recent AS SELECT at FROM event;
        CREATE SCHEMA audit;
        CREATE TABLE audit.entry (id int GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY);
        CREATE TABLE audit.line (id int PRIMARY KEY, entry_id int REFERENCES audit.entry);
        """,
    )
    live = await read(postgres_url)
    plain = render(live, Wanted(), {}, "postgresql")
    assert "event_1" not in plain
    assert "recent" not in plain
    assert 'postgresql_partition_by="RANGE (at)"' in plain
    assert 'sa.Column("n", sa.Integer(), sa.Identity(), nullable=False)' in plain  # what a model can say of a serial
    every = render(live, Wanted(views=True, partitions=True), {}, "postgresql")
    assert "unmanaged = sa.MetaData()" in every
    assert 'event_1 = sa.Table(\n    "event_1",\n    unmanaged,' in every
    assert "recent = sa.Table(" in every
    assert "class " not in render(live, Wanted(frozenset(["recent"])), {}, "postgresql").split('"""')[2]
    audit = render(await read(postgres_url, "audit"), Wanted(schema="audit"), {}, "postgresql")
    assert '{"schema": "audit"}' in audit
    assert '["audit.entry.id"]' in audit


async def test_the_command_prints_and_says_what_is_not_there(legacy: Legacy, tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.sqlite3'}"
    await load(url, "CREATE TABLE person (id INTEGER PRIMARY KEY); CREATE TABLE post (id INTEGER PRIMARY KEY);")
    legacy.write("")
    said = legacy.manage(url, "inspectdb", "inspectdb post", "inspectdb pots", "inspectdb --schema nowhere")
    first, second, third, fourth = said.split("$ inspectdb")[1:]
    assert "class Person(" in first
    assert "class Post(" in first
    assert "class Person(" not in second
    assert "class Post(" in second
    assert "There is no table 'pots' in the database." in third
    assert "Did you mean 'post'?  [migrations.no-table]\nexit 1" in third
    assert "[migrations.no-schema]" in fourth
    legacy.write(first.partition("\n")[2])
    assert "[migrations.nothing-to-inspect]" in legacy.manage(url, "inspectdb")
