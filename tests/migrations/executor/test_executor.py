"""Migrations on real databases: each in one transaction, with no row lost."""

import asyncio
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import create_async_engine
from workbench import Base, Workshop, column, key, model

from framework.migrations.commands.printer import Printer
from framework.migrations.database.connection import open_engine
from framework.migrations.errors import MigrationFailed
from framework.migrations.executor.executor import Executor

USER = model("users", "User", key, column("name", sa.String(50), nullable=False))
POST = model(
    "blog",
    "Post",
    key,
    column("title", sa.String(200), nullable=False, index=True),
    column("author_id", sa.Integer, nullable=False, to="users_user.id", rules={"ondelete": "CASCADE"}),
)


async def test_migrations_of_two_apps_run_in_the_order_of_their_keys(base: Base) -> None:
    base.workshop.make(POST, USER)
    assert await base.migrate() == ["users.0001_initial", "blog.0001_initial"]
    assert await base.table_names() == {"users_user", "blog_post"}
    assert await base.migrate() == []


async def test_a_migration_taken_back_leaves_the_schema_before_it(base: Base) -> None:
    base.workshop.make(POST, USER)
    await base.migrate()
    await base.take_back(["blog.0001_initial"])
    assert await base.table_names() == {"users_user"}
    assert await base.executor().applied() == {"users.0001_initial"}


RENAME = """
def upgrade() -> None:
    with op.batch_alter_table("users_user") as batch_op:
        batch_op.alter_column("name", new_column_name="full_name")
        batch_op.alter_column("id", new_column_name="number")
        batch_op.add_column(sa.Column("email", sa.String(), nullable=False, server_default="-"))
        batch_op.create_unique_constraint("uq_users_user_full_name", ["full_name"])


def downgrade() -> None:
    with op.batch_alter_table("users_user") as batch_op:
        batch_op.drop_constraint("uq_users_user_full_name", type_="unique")
        batch_op.drop_column("email")
        batch_op.alter_column("number", new_column_name="id")
        batch_op.alter_column("full_name", new_column_name="name")
"""


async def test_renaming_columns_of_a_referenced_table_loses_no_row_that_points_at_it(base: Base) -> None:
    workshop = base.workshop
    workshop.make(POST, USER)
    await base.migrate()
    await base.execute(
        "INSERT INTO users_user (id, name) VALUES (1, 'Ada'), (2, 'Grace')",
        "INSERT INTO blog_post (id, title, author_id) VALUES (1, 'a', 1), (2, 'b', 1), (3, 'c', 2)",
    )
    workshop.write("users", "0002_rename", RENAME, down_revision="users.0001_initial", depends_on="blog.0001_initial")
    await base.migrate()
    assert await base.rows("SELECT number, full_name, email FROM users_user ORDER BY number") == [
        (1, "Ada", "-"),
        (2, "Grace", "-"),
    ]
    assert await base.rows("SELECT id, author_id FROM blog_post ORDER BY id") == [(1, 1), (2, 1), (3, 2)]
    (foreign_key,) = await base.inspect(lambda inspector: inspector.get_foreign_keys("blog_post"))
    assert (foreign_key["referred_columns"], foreign_key["options"]) == (["number"], {"ondelete": "CASCADE"})
    # The key still works, in both directions, for the application that watches over it.
    await base.take_back(["users.0002_rename"])
    assert await base.rows("SELECT id, name FROM users_user ORDER BY id") == [(1, "Ada"), (2, "Grace")]
    assert await base.rows("SELECT count(*) FROM blog_post") == [(3,)]


async def test_sqlite_still_cascades_for_the_application_after_a_rebuild(sqlite: Base, tmp_path: Path) -> None:
    sqlite.workshop.make(POST, USER)
    await sqlite.migrate()
    sqlite.workshop.write(
        "users", "0002_rename", RENAME, down_revision="users.0001_initial", depends_on="blog.0001_initial"
    )
    await sqlite.migrate()
    await sqlite.execute(
        "INSERT INTO users_user (number, full_name) VALUES (1, 'Ada'), (2, 'Grace')",
        "INSERT INTO blog_post (id, title, author_id) VALUES (1, 'a', 1), (2, 'b', 2)",
    )
    plain = create_async_engine(sqlite.engine.url)
    async with plain.connect() as connection:
        await connection.exec_driver_sql("PRAGMA foreign_keys=ON")
        await connection.exec_driver_sql("DELETE FROM users_user WHERE number = 1")
        rows = await connection.exec_driver_sql("SELECT id FROM blog_post")
        assert rows.scalars().all() == [2]
    await plain.dispose()


BROKEN = """
def upgrade() -> None:
    op.create_table("blog_tag", sa.Column("id", sa.Integer(), primary_key=True))
    op.execute("INSERT INTO blog_tag (id) VALUES (1)")
    with op.batch_alter_table("blog_tag") as batch_op:
        batch_op.add_column(sa.Column("name", sa.String()))
    op.execute("UPDATE blog_tag SET nonsense = '1'")
"""


async def test_a_migration_that_fails_leaves_nothing_and_says_at_which_statement(base: Base) -> None:
    base.workshop.make(USER)
    await base.migrate()
    path = base.workshop.write("blog", "0001_initial", BROKEN)
    with pytest.raises(MigrationFailed) as caught:
        await base.migrate()
    assert caught.value.message.startswith("Could not apply blog.0001_initial: ")
    assert caught.value.message.endswith("Statement: UPDATE blog_tag SET nonsense = '1'")
    assert str(path) in str(caught.value.hint)
    assert await base.table_names() == {"users_user"}
    assert await base.executor().applied() == {"users.0001_initial"}
    # Corrected, it runs.
    path.write_text(path.read_text().replace("nonsense", "name"))
    assert await base.migrate() == ["blog.0001_initial"]
    assert await base.rows("SELECT id, name FROM blog_tag") == [(1, "1")]


async def test_rows_that_would_point_at_nothing_undo_a_migration_on_sqlite(sqlite: Base) -> None:
    sqlite.workshop.make(POST, USER)
    await sqlite.migrate()
    await sqlite.execute(
        "INSERT INTO users_user (id, name) VALUES (1, 'Ada')",
        "INSERT INTO blog_post (id, title, author_id) VALUES (1, 'a', 1)",
    )
    sqlite.workshop.write(
        "users",
        "0002_clear",
        "def upgrade() -> None:\n    op.execute('DELETE FROM users_user')\n",
        down_revision="users.0001_initial",
        depends_on="blog.0001_initial",
    )
    with pytest.raises(MigrationFailed, match=r"would point at nothing, the first in table 'blog_post'") as caught:
        await sqlite.migrate()
    assert caught.value.code == "migrations.orphans"
    assert await sqlite.rows("SELECT count(*) FROM users_user") == [(1,)]


async def test_a_migration_without_a_way_back_says_so(base: Base) -> None:
    base.workshop.write("blog", "0001_initial", "def upgrade() -> None:\n    op.execute('SELECT 1')\n")
    await base.migrate()
    with pytest.raises(MigrationFailed, match=r"blog\.0001_initial cannot be unapplied"):
        await base.take_back(["blog.0001_initial"])
    assert await base.executor().applied() == {"blog.0001_initial"}


async def test_fake_writes_the_row_and_runs_nothing(base: Base) -> None:
    base.workshop.make(USER)
    executor = base.executor()
    await executor.run(executor.graph.forwards(executor.graph.order, ()), fake=True)
    assert await base.executor().applied() == {"users.0001_initial"}
    assert await base.table_names() == set()


async def test_two_that_migrate_at_once_do_it_once(base: Base) -> None:
    base.workshop.make(POST, USER)
    executors = [base.executor() for _ in range(5)]
    plans = [executor.graph.forwards(executor.graph.order, await executor.applied()) for executor in executors]
    done: list[str] = []

    def note(step: object, moment: str) -> None:
        if moment == "done":
            done.append(str(step))

    await asyncio.gather(*(executor.run(plan, report=note) for executor, plan in zip(executors, plans, strict=True)))
    assert len(done) == 2
    assert await base.table_names() == {"users_user", "blog_post"}


async def test_what_another_process_did_meanwhile_is_not_claimed(
    sqlite: Base, capsys: pytest.CaptureFixture[str]
) -> None:
    sqlite.workshop.make(USER)
    executor = sqlite.executor()
    plan = executor.graph.forwards(executor.graph.order, await executor.applied())
    await executor.run(plan, report=Printer(1).report)
    await sqlite.executor().run(plan, report=Printer(1).report)
    assert capsys.readouterr().out == (
        "  Applying users.0001_initial... OK\n  Applying users.0001_initial... done by another process\n"
    )


async def test_what_sqlite_forgets_survives_a_rebuild(sqlite: Base) -> None:
    rich = [
        key,
        column("name", sa.String(50, collation="NOCASE"), nullable=False),
        column("price", sa.Numeric(8, 2), server_default="0"),
        column("made", sa.DateTime, server_default=sa.func.now()),
        lambda: sa.CheckConstraint("price >= 0", name="price"),
        lambda: sa.Index("ix_users_user_lower", sa.text("lower(name)")),
        lambda: sa.Index("ix_users_user_dear", "price", sqlite_where=sa.text("price > 100")),
    ]
    sqlite.workshop.make(model("users", "User", *rich, sqlite_autoincrement=True))
    await sqlite.migrate()
    await sqlite.execute(
        "CREATE VIEW names AS SELECT name FROM users_user", "INSERT INTO users_user (id, name) VALUES (1, 'Ada')"
    )
    before = await schema_of(sqlite)
    rich.insert(2, column("email", sa.String(100)))
    sqlite.workshop.make(model("users", "User", *rich, sqlite_autoincrement=True))
    rich[2] = column("email", sa.String(200), unique=True)
    sqlite.workshop.make(model("users", "User", *rich, sqlite_autoincrement=True))
    await sqlite.migrate()
    await sqlite.take_back(["users.0003_alter_user_email_user_uq_users_user_email", "users.0002_user_email"])
    assert await schema_of(sqlite) == before
    assert await sqlite.rows("SELECT id, name FROM users_user") == [(1, "Ada")]
    assert await sqlite.rows("SELECT name FROM names") == [("Ada",)]


async def schema_of(base: Base) -> set[str]:
    rows = await base.rows("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {" ".join(sql.replace('"', "").split()) for (sql,) in rows}


async def test_a_table_that_was_changed_by_hand_keeps_its_columns_in_a_rebuild(sqlite: Base) -> None:
    sqlite.workshop.make(USER)
    await sqlite.migrate()
    await sqlite.execute("ALTER TABLE users_user ADD COLUMN extra TEXT DEFAULT 'kept'")
    await sqlite.execute("INSERT INTO users_user (id, name, extra) VALUES (1, 'Ada', 'mine')")
    sqlite.workshop.make(model("users", "User", key, column("name", sa.String(90), nullable=False)))
    await sqlite.migrate()
    assert await sqlite.rows("SELECT name, extra FROM users_user") == [("Ada", "mine")]


async def test_files_written_for_postgresql_alone_run_on_sqlite_too(base: Base) -> None:
    base.workshop.make(POST, USER)
    await base.migrate()
    await base.execute("INSERT INTO users_user (id, name) VALUES (1, 'Ada')")
    base.workshop.write(
        "users",
        "0002_plain",
        """
def upgrade() -> None:
    op.add_column("users_user", sa.Column("boss_id", sa.Integer(), sa.ForeignKey("users_user.id", name="fk_boss")))
    op.alter_column("users_user", "name", type_=sa.Text(), nullable=True)
    op.create_unique_constraint("uq_name", "users_user", ["name"])
    op.alter_column("users_user", "name", new_column_name="title")
    op.drop_constraint("uq_name", "users_user", type_="unique")
    op.create_foreign_key("fk_again", "users_user", "users_user", ["boss_id"], ["id"])
    op.create_index("ix_title", "users_user", ["title"])
    op.drop_column("users_user", "boss_id")
    op.rename_table("users_user", "users_person")
""",
        down_revision="users.0001_initial",
        depends_on="blog.0001_initial",
    )
    await base.migrate()
    assert await base.rows("SELECT id, title FROM users_person") == [(1, "Ada")]
    (foreign_key,) = await base.inspect(lambda inspector: inspector.get_foreign_keys("blog_post"))
    assert foreign_key["referred_table"] == "users_person"
    assert set(base.workshop.state().tables["users_person"].columns) == {"id", "title"}
    assert [item.target for item in base.workshop.state().tables["blog_post"].foreign_keys] == ["users_person"]


async def test_two_projects_migrate_in_one_process_at_the_same_time(tmp_path: Path) -> None:
    from framework.db.url import DatabaseURL

    async def project(number: int) -> list[str]:
        workshop = Workshop(tmp_path / str(number), apps=(f"app{number}",))
        columns = [column(f"c{index}", sa.Integer) for index in range(number)]
        workshop.make(model(f"app{number}", "Thing", key, *columns))
        url = DatabaseURL.parse(f"sqlite:///{number}.sqlite3", root=tmp_path)
        base = Base(open_engine(url), workshop)
        await base.migrate()
        names = await base.inspect(lambda inspector: inspector.get_columns(f"app{number}_thing"))
        await base.engine.dispose()
        return [item["name"] for item in names]

    found = await asyncio.gather(*(project(number) for number in range(1, 5)))
    assert [len(names) for names in found] == [2, 3, 4, 5]


async def test_the_executor_reads_an_empty_database_without_writing(base: Base) -> None:
    executor = Executor(base.engine, base.workshop.graph())
    assert await executor.applied() == set()
    assert await base.inspect(lambda inspector: inspector.get_table_names()) == []
