"""Enums gain, lose and rename members, as text and as types of PostgreSQL, with rows that hold them."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from workbench import Base, Model, Workshop, column, key, model

from framework.errors import CommandError
from framework.migrations.autodetector.questioner import Questioner
from framework.migrations.questions.answers import Answered, Answers

KINDS = {
    "text": {"native_enum": False, "length": 50},
    "checked": {"native_enum": False, "create_constraint": True},
    "native": {},
}


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest) -> dict[str, Any]:
    return KINDS[request.param]


def post(kind: dict[str, Any], *members: str, default: str | None = None, **more: Any) -> Model:
    status = column(
        "status", sa.Enum(*members, name="status", **kind), nullable=False, server_default=default, index=True
    )
    return model("blog", "Post", key, status, **more)


def told(workshop: Workshop, **members: str | bool) -> None:
    answers = Answers(members={f"blog.Post.status.{member}": new for member, new in members.items()})
    workshop.questioner = Answered(answers, Questioner())


async def filled(base: Base, model: Model, *members: str) -> None:
    base.workshop.make(model)
    await base.migrate()
    await base.execute(*(f"INSERT INTO blog_post (id, status) VALUES ({n}, '{it}')" for n, it in enumerate(members)))


async def held(base: Base) -> list[str]:
    return [row[0] for row in await base.rows("SELECT status FROM blog_post ORDER BY id")]


async def refuses(base: Base, member: str) -> bool:
    try:
        await base.execute(f"INSERT INTO blog_post (id, status) VALUES (99, '{member}')")
    except DBAPIError:
        return True
    return False


def guarded(base: Base, kind: dict[str, Any]) -> bool:
    """Whether the database knows the members."""
    return "create_constraint" in kind or (not kind and base.engine.dialect.name == "postgresql")


async def test_an_enum_gains_a_member(base: Base, kind: dict[str, Any]) -> None:
    await filled(base, post(kind, "a", "c"), "a", "c")
    (made,) = base.workshop.make(post(kind, "a", "b", "c", "a longer one"))
    assert "op.alter_enum(" in base.workshop.text(made)
    await base.migrate()
    await base.execute("INSERT INTO blog_post (id, status) VALUES (7, 'a longer one')")
    assert await refuses(base, "x") == guarded(base, kind)
    await base.execute("DELETE FROM blog_post WHERE id > 6")
    await base.take_back([made])
    assert await held(base) == ["a", "c"]
    assert await refuses(base, "b") == guarded(base, kind)


async def test_an_enum_s_member_is_renamed(base: Base, kind: dict[str, Any]) -> None:
    await filled(base, post(kind, "draft", "live", default="live"), "draft", "live")
    told(base.workshop, live="published")
    base.workshop.make(post(kind, "draft", "published", default="published"))
    await base.migrate()
    await base.execute("INSERT INTO blog_post (id) VALUES (7)")
    assert await held(base) == ["draft", "published", "published"]
    assert await refuses(base, "live") == guarded(base, kind)
    await base.take_back([item for item in reversed(base.workshop.graph().order) if item != "blog.0001_initial"])
    await base.execute("DELETE FROM blog_post WHERE id = 99")
    await base.execute("INSERT INTO blog_post (id) VALUES (8)")
    assert await held(base) == ["draft", "live", "live", "live"]


async def test_an_enum_loses_a_member_and_its_rows_get_another(base: Base, kind: dict[str, Any]) -> None:
    await filled(base, post(kind, "a", "b", "c", default="a"), "a", "b", "c")
    told(base.workshop, b="c")
    (made,) = base.workshop.make(post(kind, "a", "c", default="a"))
    await base.migrate()
    assert await held(base) == ["a", "c", "c"]
    assert await refuses(base, "b") == guarded(base, kind)
    await base.execute("DELETE FROM blog_post WHERE id = 99")
    await base.take_back([made])
    await base.execute("INSERT INTO blog_post (id, status) VALUES (7, 'b')", "INSERT INTO blog_post (id) VALUES (8)")
    assert await held(base) == ["a", "c", "c", "b", "a"]


async def test_a_member_in_use_that_was_said_to_be_in_none_stops_the_migration(
    base: Base, kind: dict[str, Any]
) -> None:
    await filled(base, post(kind, "a", "b"), "a", "b")
    told(base.workshop, b=False)
    base.workshop.make(post(kind, "a"))
    with pytest.raises(Exception, match=r"1 row.s. of 'blog_post' hold 'b' in 'status'"):
        await base.migrate()
    assert await held(base) == ["a", "b"]
    await base.execute("DELETE FROM blog_post WHERE status = 'b'")
    await base.migrate()
    assert await held(base) == ["a"]


def test_without_an_answer_no_member_goes(workshop: Workshop, kind: dict[str, Any]) -> None:
    workshop.make(post(kind, "a", "b"))
    with pytest.raises(CommandError, match="member 'b' is gone, and rows may hold it") as caught:
        workshop.detect(post(kind, "a", "c"))
    assert (caught.value.exit_code, caught.value.code) == (3, "migrations.member")


async def types_of(base: Base) -> set[str]:
    return {row[0] for row in await base.rows("SELECT typname FROM pg_type WHERE typtype = 'e'")}


@pytest.fixture
async def postgres(workshop: Workshop, postgres_url: str, tmp_path: Path) -> Any:
    from framework.db.url import DatabaseURL
    from framework.migrations.database.connection import open_engine

    base = Base(open_engine(DatabaseURL.parse(postgres_url, root=tmp_path)), workshop)
    yield base
    await base.engine.dispose()


async def test_a_type_of_postgresql_comes_and_goes_with_the_columns_that_use_it(postgres: Base) -> None:
    workshop = postgres.workshop
    shared = column("letter", lambda: sa.Enum("a", "b", name="letter"))
    workshop.make(post({}, "a"), model("users", "One", key, shared), model("users", "Two", key, shared))
    await postgres.migrate()
    assert await types_of(postgres) == {"status", "letter"}
    many = column("letters", lambda: postgresql.ARRAY(sa.Enum("x", "y", name="many")))
    made = workshop.make(
        model("blog", "Post", key), model("users", "One", key, many), model("users", "Two", key, shared)
    )
    await postgres.migrate()
    assert await types_of(postgres) == {"letter", "many"}
    await postgres.take_back(made)
    assert await types_of(postgres) == {"status", "letter"}
    everything = [item for item in reversed(workshop.graph().order) if item not in made]
    await postgres.take_back(everything)
    assert await types_of(postgres) == set()
    await postgres.migrate()


async def test_a_shared_type_of_postgresql_changes_once_for_all_columns(postgres: Base) -> None:
    workshop = postgres.workshop

    def both(*members: str) -> tuple[Model, Model]:
        status = column("status", lambda: sa.Enum(*members, name="status"), server_default=members[0])
        return model("blog", "Post", key, status), model("users", "One", key, status)

    workshop.make(*both("a", "b"))
    await postgres.migrate()
    await postgres.execute("INSERT INTO blog_post VALUES (1, 'b')", "INSERT INTO users_one VALUES (1, 'b'), (2, 'a')")
    told(workshop, b="a")
    (made,) = workshop.make(*both("a", "c"))
    assert 'also=["users_one.status"]' in workshop.text(made)
    await postgres.migrate()
    assert await postgres.rows("SELECT DISTINCT status::text FROM users_one UNION SELECT 'default' FROM blog_post") == [
        ("a",),
        ("default",),
    ]
    await postgres.execute("INSERT INTO users_one VALUES (3, 'c'), (4, DEFAULT)", "DELETE FROM users_one WHERE id = 3")
    await postgres.take_back([made])
    await postgres.execute("INSERT INTO users_one VALUES (5, 'b')")


async def test_text_becomes_a_type_of_postgresql_and_back(postgres: Base) -> None:
    workshop = postgres.workshop
    workshop.make(model("blog", "Post", key, column("status", sa.String(20), server_default="a")))
    await postgres.migrate()
    await postgres.execute("INSERT INTO blog_post VALUES (1, 'b')")
    workshop.questioner = Answered(Answers(narrowed=["blog.Post.status"]), Questioner())
    status = column("status", lambda: sa.Enum("a", "b", name="status"), server_default="a")
    (made,) = workshop.make(model("blog", "Post", key, status))
    assert 'postgresql_using="status::text::status"' in workshop.text(made)
    await postgres.migrate()
    await postgres.execute("INSERT INTO blog_post (id) VALUES (2)")
    assert await postgres.rows("SELECT status::text FROM blog_post ORDER BY id") == [("b",), ("a",)]
    await postgres.take_back([made])
    assert await types_of(postgres) == set()
    await postgres.execute("INSERT INTO blog_post (id) VALUES (3)")
    assert await postgres.rows("SELECT status FROM blog_post ORDER BY id") == [("b",), ("a",), ("a",)]


@pytest.mark.parametrize("stays", [False, True], ids=["the only column goes", "another column stays"])
async def test_a_type_has_other_members_in_a_table_that_comes_while_one_with_it_goes(
    postgres: Base, stays: bool
) -> None:
    workshop = postgres.workshop

    def with_status(app: str, name: str, *members: str) -> Model:
        return model(app, name, key, column("status", lambda: sa.Enum(*members, name="status")))

    def other(*members: str) -> list[Model]:
        return [with_status("users", "Stays", *members)] if stays else []

    workshop.make(with_status("users", "Goes", "a", "b"), *other("a", "b"))
    await postgres.migrate()
    workshop.make(with_status("blog", "Comes", "c", "b", "a"), *other("c", "b", "a"))
    made = await postgres.migrate()
    await postgres.execute("INSERT INTO blog_comes VALUES (1, 'c')", "DELETE FROM blog_comes")
    await postgres.take_back(list(reversed(made)))
    assert await types_of(postgres) == {"status"}
    assert await postgres.rows("SELECT unnest(enum_range(NULL::status))::text") == [("a",), ("b",)]
    await postgres.execute("INSERT INTO users_goes VALUES (1, 'b')")


async def test_within_one_table_a_type_goes_with_its_old_members_before_it_comes_with_others(postgres: Base) -> None:
    def mood(name: str, *members: str) -> Any:
        return column(name, sa.Enum(*members, name="mood"))

    labels = "SELECT unnest(enum_range(NULL::mood))::text"
    postgres.workshop.make(model("blog", "Post", key, mood("status", "a", "b")))
    await postgres.migrate()
    await postgres.execute("INSERT INTO blog_post VALUES (1, 'b')")
    made = postgres.workshop.make(model("blog", "Post", key, column("status", sa.Text), mood("feeling", "a", "c", "b")))
    await postgres.migrate()
    assert await postgres.rows(labels) == [("a",), ("c",), ("b",)]
    assert await postgres.rows("SELECT * FROM blog_post") == [(1, "b", None)]
    await postgres.take_back(list(reversed(made)))
    assert await postgres.rows(labels) == [("a",), ("b",)]
    assert await postgres.rows("SELECT * FROM blog_post") == [(1, "b")]
