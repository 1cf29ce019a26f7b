"""Databases that others have migrated: by Alembic, by hand, or under another label."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from workbench import Base, Workshop, column, key, model

from framework.migrations.autodetector.questioner import Anything
from framework.migrations.errors import HistoryError, MigrationFailed
from framework.migrations.executor.executor import Executor
from framework.migrations.recorder.reader import Rows

ALEMBIC = '''"""{message}

Revision ID: {revision}
"""
from typing import Sequence, Union

from alembic import op
import sqlalchemy as sa

revision: str = "{revision}"
down_revision: Union[str, None] = {before!r}
branch_labels: Union[str, Sequence[str], None] = None
depends_on: Union[str, Sequence[str], None] = None


def upgrade() -> None:
    {upgrade}


def downgrade() -> None:
    pass
'''
NOTED = ("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)", "INSERT INTO alembic_version VALUES ('b2')")


def alembics(workshop: Workshop) -> None:
    workshop.folders["blog"].mkdir(parents=True)
    create = 'op.create_table("post", sa.Column("id", sa.Integer(), primary_key=True))'
    for revision, before, upgrade in (
        ("a1", None, create),
        ("b2", "a1", 'op.add_column("post", sa.Column("n", sa.Integer()))'),
        ("c3", "b2", 'op.add_column("post", sa.Column("m", sa.Integer()))'),
    ):
        text = ALEMBIC.format(message="x", revision=revision, before=before, upgrade=upgrade)
        (workshop.folders["blog"] / f"{revision}_x.py").write_text(text)


def told() -> tuple[list[str], Callable[[Executor], Awaitable[None]]]:
    news: list[str] = []

    async def run(executor: Executor) -> None:
        applied = await executor.applied()
        await executor.run(executor.graph.forwards(executor.graph.order, applied), tell=news.append)

    return news, run


async def test_what_alembic_noted_is_taken_over_once(base: Base, workshop: Workshop) -> None:
    alembics(workshop)
    await base.execute("CREATE TABLE post (id INTEGER PRIMARY KEY, n INTEGER)", *NOTED)
    assert await base.executor().applied() == {"a1", "b2"}
    news, run = told()
    await run(base.executor())
    assert news == [
        "Took over alembic_version: 2 migration(s) count as applied, up to blog.b2_x. The rows are in "
        "framework_migration from now on; alembic_version is not read again and may be dropped."
    ]
    rows = await base.executor().rows()
    assert rows == Rows(frozenset({("blog", "a1_x"), ("blog", "b2_x"), ("blog", "c3_x")}))
    assert [item[0] for item in await base.rows("SELECT m FROM post")] == []
    # Later, what Alembic says does not matter.
    await base.execute("UPDATE alembic_version SET version_num = 'gone'")
    await run(base.executor())
    assert len(news) == 1
    assert await base.executor().applied() == {"a1", "b2", "c3"}


async def test_with_nothing_to_apply_it_is_taken_over_as_well(base: Base, workshop: Workshop) -> None:
    alembics(workshop)
    (workshop.folders["blog"] / "c3_x.py").unlink()
    await base.execute(*NOTED)
    news: list[str] = []
    await base.executor().settle(tell=news.append)
    assert len(news) == 1
    assert len((await base.executor().rows()).names) == 2


async def test_a_revision_without_a_file_is_named_with_ways_out(base: Base, workshop: Workshop) -> None:
    workshop.make(model("blog", "Post", key))
    await base.execute(*NOTED)
    with pytest.raises(HistoryError, match="migrated by Alembic up to b2, and no migration") as caught:
        await base.migrate()
    assert caught.value.code == "migrations.takeover"
    assert await base.table_names() == {"alembic_version"}
    executor = base.executor()
    await executor.run(executor.graph.forwards(executor.graph.order, set()), fake=True)
    assert await base.migrate() == []


async def test_first_migrations_are_noted_where_their_tables_are(base: Base, workshop: Workshop) -> None:
    workshop.make(model("users", "User", key), model("blog", "Post", key), model("blog", "Tag", key))
    # What is there besides does not matter.
    await base.execute("CREATE TABLE users_user (id INTEGER PRIMARY KEY, more TEXT)")
    done: list[tuple[str, str]] = []
    executor = base.executor()
    steps = executor.graph.forwards(executor.graph.order, set())
    await executor.run(steps, fake_initial=True, report=lambda step, moment: done.append((str(step.migration), moment)))
    assert [item for item in done if item[1] != "start"] == [
        ("blog.0001_initial", "done"),
        ("users.0001_initial", "faked"),
    ]
    assert await base.table_names() == {"users_user", "blog_post", "blog_tag"}
    assert await base.migrate() == []


@pytest.mark.parametrize(
    ("made", "there", "missing"),
    [
        ("blog_tag (id INTEGER PRIMARY KEY)", "blog_tag", "blog_post"),
        (
            "blog_post (id INTEGER PRIMARY KEY, text TEXT)",
            "blog_post",
            "blog_post.title, blog_post.author_id, blog_tag",
        ),
    ],
)
async def test_a_part_of_what_a_first_migration_makes_is_not_all_of_it(
    base: Base, workshop: Workshop, made: str, there: str, missing: str
) -> None:
    workshop.make(
        model("users", "User", key),
        model("blog", "Post", key, column("title", sa.Text), column("author_id", sa.Integer, to="users_user.id")),
        model("blog", "Tag", key),
    )
    await base.execute("CREATE TABLE users_user (id INTEGER PRIMARY KEY)", f"CREATE TABLE {made}")
    before = await base.table_names()
    executor = base.executor()
    with pytest.raises(MigrationFailed) as caught:
        await executor.run(executor.graph.forwards(executor.graph.order, set()), fake_initial=True)
    assert str(caught.value).startswith(
        f"blog.0001_initial cannot be marked as applied with --fake-initial: the database lacks {missing}. "
        f"It cannot be run either: the database has {there}."
    )
    assert caught.value.code == "migrations.half-there"
    assert await base.table_names() == before
    # The one before it stays noted.
    assert (await base.executor().rows()).names == {("users", "0001_initial")}


async def test_a_first_migration_in_two_steps_and_a_column_for_another_app_s_table_are_looked_for_too(
    base: Base, workshop: Workshop
) -> None:
    workshop.make(model("users", "User", key))
    await base.migrate()
    workshop.write(
        "blog",
        "0001_initial",
        "def upgrade():\n"
        "    op.create_table('blog_old', sa.Column('id', sa.Integer(), primary_key=True))\n"
        "    op.rename_table('blog_old', 'blog_post')\n"
        "    op.add_column('blog_post', sa.Column('title', sa.Text()))\n"
        "    op.add_column('users_user', sa.Column('pages', sa.Integer()))\n",
        depends_on=("users.0001_initial",),
    )
    done: list[str] = []

    async def run() -> None:
        executor = base.executor()
        steps = executor.graph.forwards(executor.graph.order, await executor.applied())
        await executor.run(steps, fake_initial=True, report=lambda step, moment: done.append(moment))

    await base.execute("CREATE TABLE blog_post (id INTEGER PRIMARY KEY, title TEXT)")
    with pytest.raises(MigrationFailed, match=r"lacks users_user\.pages"):
        await run()
    await base.execute("ALTER TABLE users_user ADD COLUMN pages INTEGER")
    await run()
    assert done == ["start", "failed", "start", "faked"]


async def test_an_app_may_be_called_otherwise(base: Base, workshop: Workshop, tmp_path: Path) -> None:
    post = (key, column("title", sa.String(9), index=True))
    workshop.make(
        model("users", "User", key), model("blog", "Post", *post, column("u", sa.Integer, to="users_user.id"))
    )
    await base.migrate()
    await base.execute("INSERT INTO users_user (id) VALUES (1)", "INSERT INTO blog_post VALUES (7, 'kept', 1)")
    # The folder moves, and says what the app was called.
    (tmp_path / "blog").rename(tmp_path / "news")
    (tmp_path / "news/migrations/__init__.py").write_text('formerly = ("blog",)\n')
    renamed = Workshop(tmp_path, ("news", "users"), Anything())
    base = Base(base.engine, renamed)
    assert await base.migrate() == []
    made = renamed.make(
        model("users", "User", key), model("news", "Post", *post, column("u", sa.Integer, to="users_user.id"))
    )
    assert [item.partition(".")[0] for item in made] == ["news"]
    assert await base.migrate() == made
    assert await base.rows("SELECT id, title, u FROM news_post") == [(7, "kept", 1)]
    assert {app for app, _ in (await base.executor().rows()).names} == {"news", "users"}
    # A new database needs no knowledge of the old name.
    assert "news_post" in renamed.state().tables


async def test_a_table_may_move_to_another_app_with_its_rows(base: Base, workshop: Workshop) -> None:
    workshop.questioner = Anything()
    tag = (key, column("name", sa.String(9)))
    workshop.make(model("users", "User", key), model("blog", "Tag", *tag))
    await base.migrate()
    await base.execute("INSERT INTO blog_tag VALUES (7, 'kept')")
    made = workshop.make(model("users", "User", key), model("users", "Tag", *tag))
    await base.migrate()
    assert await base.rows("SELECT id, name FROM users_tag") == [(7, "kept")]
    assert workshop.state().tables["users_tag"].app == "users"
    await base.take_back(list(reversed(made)))
    assert await base.rows("SELECT id, name FROM blog_tag") == [(7, "kept")]
