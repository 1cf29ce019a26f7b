"""Data migrations: work on rows, over the tables as they are at that point of the history."""

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from workbench import Base, column, key, model

from framework.errors import FrameworkError
from framework.migrations.data.cursor import from_text, to_text
from framework.migrations.errors import MigrationFailed, StateError
from framework.migrations.history.graph import Step

POST = model("blog", "Post", key, column("title", sa.String(50), nullable=False))
ROWS = "INSERT INTO blog_post (id, title) VALUES " + ", ".join(f"({number}, 'Title {number}')" for number in range(25))
SLUG = """
def upgrade() -> None:
    op.add_column("blog_post", sa.Column("slug", sa.String(50)))


def downgrade() -> None:
    op.drop_column("blog_post", "slug")
"""
FILL = """
async def data(migration):
    post = migration.table("blog_post")
    async for rows in migration.batches(sa.select(post.c.id, post.c.title).where(post.c.slug.is_(None)), size=10):
        seen.append(len(rows))
        slugs = [{"key": row.id, "value": row.title.lower().replace(" ", "-")} for row in rows]
        change = post.update().where(post.c.id == sa.bindparam("key")).values(slug=sa.bindparam("value"))
        await migration.execute(change, slugs)


async def undo_data(migration):
    await migration.execute(migration.table("blog_post").update().values(slug=None))


seen = []
"""
FILL_SYNC = """
def data(migration):
    post = migration.table("blog_post")
    for rows in migration.batches(sa.select(post), size=7):
        for row in rows:
            migration.execute(post.update().where(post.c.id == row.id).values(slug=row.title.lower().replace(" ", "-")))


def undo_data(migration):
    migration.execute(migration.table("blog_post").update().values(slug=None))
"""


async def with_posts(base: Base, *files: tuple[str, str], **header: object) -> Base:
    """Make a table with rows, and migrations that follow; the last one has `header`."""
    base.workshop.make(POST)
    await base.migrate()
    await base.execute(ROWS)
    before = "blog.0001_initial"
    for name, text in files:
        last = (name, text) == files[-1]
        base.workshop.write("blog", name, text, down_revision=before, **(header if last else {}))
        before = f"blog.{name}"
    return base


@pytest.mark.parametrize("fill", [FILL, FILL_SYNC], ids=["async", "sync"])
@pytest.mark.parametrize("transactional", [True, False])
async def test_rows_are_worked_on_in_batches_after_the_tables_and_before_them_on_the_way_back(
    base: Base, fill: str, transactional: bool
) -> None:
    await with_posts(base, ("0002_slug", SLUG + fill), transactional=transactional)
    # A later migration takes away what data() writes: each sees the tables of its own time.
    base.workshop.write(
        "blog",
        "0003_later",
        'def upgrade():\n    op.alter_column("blog_post", "slug", new_column_name="name")\n\n\n'
        'def downgrade():\n    op.alter_column("blog_post", "name", new_column_name="slug")\n',
        down_revision="blog.0002_slug",
    )
    assert await base.migrate() == ["blog.0002_slug", "blog.0003_later"]
    assert await base.rows("SELECT count(*), min(name), max(name) FROM blog_post") == [(25, "title-0", "title-9")]
    assert await base.table_names() == {"blog_post"}
    await base.take_back(["blog.0003_later", "blog.0002_slug"])
    assert set(await base.inspect(columns)) == {"id", "title"}
    assert await base.executor().applied() == {"blog.0001_initial"}


def columns(inspector: sa.Inspector) -> list[str]:
    return [item["name"] for item in inspector.get_columns("blog_post")]


async def test_replay_never_calls_data_and_a_file_may_hold_nothing_else(base: Base) -> None:
    await with_posts(
        base, ("0002_only", "def data(migration):\n    migration.execute(sa.text('DELETE FROM blog_post'))\n")
    )
    assert set(base.workshop.state().tables["blog_post"].columns) == {"id", "title"}
    assert base.workshop.detect(POST) == []
    await base.migrate()
    assert await base.rows("SELECT count(*) FROM blog_post") == [(0,)]


async def test_a_migration_without_undo_data_stops_everything_before_anything_is_taken_back(base: Base) -> None:
    body = SLUG + FILL.partition("async def undo_data")[0] + "\nseen = []\n"
    await with_posts(base, ("0002_slug", body))
    base.workshop.write("blog", "0003_more", SLUG.replace("slug", "more"), down_revision="blog.0002_slug")
    await base.migrate()
    with pytest.raises(MigrationFailed, match=r"0002_slug\.py has no undo_data\(\)") as caught:
        await base.take_back(["blog.0003_more", "blog.0002_slug"])
    assert caught.value.code == "migrations.irreversible"
    assert set(await base.inspect(columns)) == {"id", "title", "slug", "more"}
    assert len(await base.executor().applied()) == 3


async def test_a_data_migration_that_fails_in_its_transaction_leaves_nothing(base: Base) -> None:
    broken = FILL.replace("seen.append(len(rows))", "1 / (len(rows) - 5)")
    path = (await with_posts(base, ("0002_slug", SLUG + broken))).workshop
    with pytest.raises(MigrationFailed, match=r"Could not apply blog\.0002_slug: ZeroDivisionError"):
        await base.migrate()
    assert set(await base.inspect(columns)) == {"id", "title"}
    assert await base.table_names() == {"blog_post"}
    path.write("blog", "0002_slug", SLUG + FILL, down_revision="blog.0001_initial")
    await base.migrate()
    assert await base.rows("SELECT count(slug) FROM blog_post") == [(25,)]


async def test_without_a_transaction_each_batch_is_kept_and_the_next_run_goes_on_after_it(base: Base) -> None:
    # Every row is counted up, so that one done twice, or not at all, would show.
    count = """
def data(migration):
    post = migration.table("blog_post")
    for number in range(2):
        for rows in migration.batches(sa.select(post.c.id), size=10):
            ids = [row.id for row in rows]
            if number == 1 and 24 in ids:
                BREAK
            more = sa.func.coalesce(post.c.slug, "") + str(number)
            migration.execute(post.update().where(post.c.id.in_(ids)).values(slug=more))
"""
    broken = SLUG + count.replace("BREAK", "raise ValueError('stop')")
    await with_posts(base, ("0002_slug", broken), transactional=False)
    with pytest.raises(MigrationFailed, match="ValueError: stop") as caught:
        await base.migrate()
    assert "the next run continues here" in str(caught.value.hint)
    halfway = await base.rows("SELECT slug, count(*) FROM blog_post GROUP BY slug ORDER BY slug")
    assert halfway == [("0", 5), ("01", 20)]
    assert await base.executor().applied() == {"blog.0001_initial"}
    assert await base.executor().unfinished() == ["blog.0002_slug"]

    base.workshop.write(
        "blog",
        "0002_slug",
        SLUG + count.replace("BREAK", "pass"),
        down_revision="blog.0001_initial",
        transactional=False,
    )
    await base.migrate()
    assert await base.rows("SELECT slug, count(*) FROM blog_post GROUP BY slug") == [("01", 25)]
    assert await base.table_names() == {"blog_post"}  # no table of progress is left


async def test_what_is_broken_off_is_finished_before_going_the_other_way(base: Base) -> None:
    stop = "def data(migration):\n    raise ValueError('stop')\n\n\ndef undo_data(migration):\n    pass\n"
    await with_posts(base, ("0002_slug", SLUG + stop), transactional=False)
    with pytest.raises(MigrationFailed, match="stop"):
        await base.migrate()
    with pytest.raises(MigrationFailed, match=r"blog\.0002_slug is half applied") as caught:
        await base.take_back(["blog.0001_initial"])
    assert caught.value.code == "migrations.unfinished"
    assert await base.executor().applied() == {"blog.0001_initial"}


async def test_batches_go_by_any_key(base: Base) -> None:
    names = [f"{first}{second}" for first in "abc" for second in "xyz"]
    text = """
def upgrade():
    done = [sa.Column("done", sa.Integer, server_default="0", nullable=False) for _ in range(2)]
    pair = [sa.Column("a", sa.String(9), primary_key=True), sa.Column("b", sa.Integer, primary_key=True)]
    op.create_table("blog_pair", *pair, done[0])
    op.create_table("blog_thing", sa.Column("id", sa.Uuid(), primary_key=True), done[1])
    op.execute("INSERT INTO blog_pair (a, b) VALUES NAMES")
    op.bulk_insert(sa.table("blog_thing", sa.column("id", sa.Uuid()), sa.column("done")),
                   [{"id": __import__("uuid").uuid4(), "done": 0} for _ in range(9)])


async def data(migration):
    for name in ("blog_pair", "blog_thing"):
        table = migration.table(name)
        async for rows in migration.batches(sa.select(table), size=2):
            for row in rows:
                same = [column == row._mapping[column] for column in table.primary_key]
                await migration.execute(table.update().where(*same).values(done=table.c.done + 1))
""".replace("NAMES", ", ".join(f"('{name[0]}', {ord(name[1])})" for name in names))
    base.workshop.write("blog", "0001_initial", text, transactional=False)
    await base.migrate()
    for table in ("blog_pair", "blog_thing"):
        assert await base.rows(f"SELECT done, count(*) FROM {table} GROUP BY done") == [(1, 9)]


def test_keys_are_written_and_read() -> None:
    keys = (1, "a", 2.5, datetime.now(UTC), date(2026, 1, 2), Decimal("1.50"), uuid4(), b"\x00\xff")
    read = from_text(to_text(keys))
    assert read == keys
    assert [type(item) for item in read] == [int, str, float, datetime, date, Decimal, UUID, bytes]
    with pytest.raises(FrameworkError, match="key of type set"):
        to_text([set()])


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sa.select(post.c.title)", "does not select the primary key; wanted blog_post.id"),
        ("sa.select(post.c.id).limit(3)", "has a limit or an offset"),
        ("sa.select(post.c.id, other.c.id).join(other, other.c.id == post.c.id)", "reads several tables"),
        ("sa.select(sa.table('blog_post', sa.column('title')))", "no primary key"),
    ],
)
async def test_a_query_that_cannot_be_walked_says_why(sqlite: Base, query: str, found: str) -> None:
    walk = f"""
def data(migration):
    post = migration.table("blog_post")
    other = post.alias()
    for rows in migration.batches({query}):
        pass
"""
    await with_posts(sqlite, ("0002_walk", walk))
    with pytest.raises(FrameworkError, match=found) as caught:
        await sqlite.migrate()
    assert caught.value.code == "migrations.batches"


async def test_a_table_that_is_not_there_yet_is_named(sqlite: Base) -> None:
    await with_posts(sqlite, ("0002_later", "def data(migration):\n    migration.table('blog_tag')\n"))
    with pytest.raises(StateError, match="There is no table 'blog_tag' at this point"):
        await sqlite.migrate()


async def test_both_databases_watch_over_keys_while_rows_are_worked_on(base: Base) -> None:
    base.workshop.write(
        "blog",
        "0001_initial",
        """
def upgrade():
    op.create_table("blog_author", sa.Column("id", sa.Integer, primary_key=True))
    op.create_table("blog_book", sa.Column("id", sa.Integer, primary_key=True),
                    sa.Column("author_id", sa.Integer, sa.ForeignKey("blog_author.id", ondelete="CASCADE")))
""",
    )
    await base.migrate()
    await base.execute("INSERT INTO blog_author VALUES (1), (2)", "INSERT INTO blog_book VALUES (1, 1), (2, 2)")
    for name, before, transactional in (("0002_a", "0001_initial", True), ("0003_b", "0002_a", False)):
        text = (
            "async def data(migration):\n    author = migration.table('blog_author')\n"
            f"    await migration.execute(author.delete().where(author.c.id == {1 if transactional else 2}))\n"
        )
        base.workshop.write("blog", name, text, down_revision=f"blog.{before}", transactional=transactional)
    await base.migrate("blog.0002_a")
    assert await base.rows("SELECT id FROM blog_book") == [(2,)]
    await base.migrate()
    assert await base.rows("SELECT id FROM blog_book") == []


async def test_a_long_walk_says_how_far_it_is(sqlite: Base, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framework.migrations.data.batches.SILENCE", 0.0)
    await with_posts(sqlite, ("0002_slug", SLUG + FILL), transactional=False)
    executor = sqlite.executor()
    news: list[str] = []
    await executor.run([Step(executor.graph.nodes["blog.0002_slug"])], tell=news.append)
    assert [line.partition(",")[0] for line in news] == [
        "10 of 25 rows (40%)",
        "20 of 25 rows (80%)",
        "25 of 25 rows (100%)",
    ]
    assert news[0].endswith("about 1 s left")


async def test_cancelling_keeps_the_batches_that_are_done(base: Base) -> None:
    wait = FILL.replace("seen.append(len(rows))", "import asyncio; await asyncio.sleep(0 if rows[0].id < 10 else 30)")
    await with_posts(base, ("0002_slug", SLUG + wait), transactional=False)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(2):
            await base.migrate()
    assert await base.rows("SELECT count(slug) FROM blog_post") == [(10,)]
    base.workshop.write("blog", "0002_slug", SLUG + FILL, down_revision="blog.0001_initial", transactional=False)
    await base.migrate()
    assert await base.rows("SELECT count(slug) FROM blog_post") == [(25,)]
