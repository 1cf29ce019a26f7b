"""Migrations that fail, or are killed: what stands, what is said, and that the next run makes up for it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Generator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from workbench import Base, column, key, model

from framework.migrations.errors import MigrationFailed
from framework.migrations.executor.autocommit import SteppedOperations

PROGRAM = Path(__file__).parents[1] / "replica.py"
USER = model("users", "User", key, column("name", sa.String(50)))
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)

type Kill = Callable[[str], None]


@pytest.fixture
def kill_at(base: Base, database_url: str) -> Generator[Kill]:
    """Start a process that migrates, and kill it when it prints a word."""

    def kill_at(word: str) -> None:
        command = [sys.executable, str(PROGRAM), database_url, str(base.workshop.folder), "wait"]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert process.stdout is not None
        lines: list[str] = []
        for line in process.stdout:
            lines.append(line)
            if line.strip() == word:
                os.kill(process.pid, signal.SIGKILL)
                break
        process.communicate()
        assert process.returncode == -signal.SIGKILL, lines

    return kill_at


async def with_users(base: Base, name: str, text: str, **header: object) -> Path:
    base.workshop.make(USER)
    await base.migrate()
    await base.execute(
        "INSERT INTO users_user (id, name) VALUES " + ", ".join(f"({n}, 'u{n % 20}')" for n in range(40))
    )
    return base.workshop.write("users", name, text, down_revision="users.0001_initial", **header)


async def shape(base: Base) -> dict[str, Any]:
    """Return all tables with their columns and indexes."""

    def look(inspector: sa.Inspector) -> dict[str, Any]:
        return {
            name: (
                [(item["name"], item["nullable"]) for item in inspector.get_columns(name)],
                sorted(str(item["name"]) for item in inspector.get_indexes(name)),
                sorted(str(item["name"]) for item in inspector.get_unique_constraints(name)),
            )
            for name in inspector.get_table_names()
        }

    return await base.inspect(look)


EVERYTHING = """
def upgrade():
    op.create_table("users_tag", sa.Column("id", sa.Integer, primary_key=True))
    op.create_index("ix_name", "users_user", ["name"])
    with op.batch_alter_table("users_user") as batch_op:
        batch_op.add_column(sa.Column("mail", sa.String(50), nullable=False, server_default="-"))
        batch_op.alter_column("name", new_column_name="full_name", nullable=False)
        batch_op.create_unique_constraint("uq_mail", ["id", "mail"])
    op.rename_table("users_user", "users_person")
    op.execute("DELETE FROM users_person WHERE id > 10")
"""


async def test_every_kind_of_change_is_taken_back_when_a_later_one_fails(base: Base) -> None:
    await with_users(base, "0002_all", EVERYTHING + '    op.execute("UPDATE users_person SET nonsense = 1")\n')
    before = await shape(base)
    with pytest.raises(MigrationFailed) as caught:
        await base.migrate()
    assert "Statement: UPDATE users_person SET nonsense = 1" in caught.value.message
    assert "Nothing of this migration was kept, all before it stands." in str(caught.value.hint)
    assert await shape(base) == before
    assert await base.rows("SELECT count(*) FROM users_user") == [(40,)]
    base.workshop.write("users", "0002_all", EVERYTHING, down_revision="users.0001_initial")
    await base.migrate()
    assert await base.rows("SELECT count(*) FROM users_person") == [(11,)]


async def test_killed_in_the_middle_of_a_migration_nothing_of_it_stands_and_the_next_run_makes_it(
    base: Base, kill_at: Kill
) -> None:
    pause = "\n\ndef data(migration):\n    print('inside', flush=True)\n    import time; time.sleep(30)\n"
    path = await with_users(base, "0002_all", EVERYTHING + pause)
    before = await shape(base)
    await asyncio.to_thread(kill_at, "inside")
    path.write_text(path.read_text().replace("(30)", "(0)"))
    # The server may need a moment to notice; whoever migrates waits for that.
    if base.engine.dialect.name == "sqlite":
        assert await shape(base) == before
        assert len(await base.rows("SELECT id FROM users_user")) == 40
    assert await base.migrate() == ["users.0002_all"]
    assert await base.rows("SELECT count(*) FROM users_person") == [(11,)]


COUNT = """
def upgrade():
    op.add_column("users_user", sa.Column("count", sa.Integer, server_default="0"))
    op.execute("UPDATE users_user SET name = name || '!'")


async def data(migration):
    user = migration.table("users_user")
    async for rows in migration.batches(sa.select(user.c.id), size=10):
        ids = [row.id for row in rows]
        await migration.execute(user.update().where(user.c.id.in_(ids)).values(count=user.c.count + 1))
        if 25 in ids:
            print("inside", flush=True)
            import time; time.sleep(SECONDS)
"""


async def test_killed_in_the_middle_of_a_data_migration_the_next_run_goes_on_after_the_last_batch(
    base: Base, kill_at: Kill
) -> None:
    path = await with_users(base, "0002_count", COUNT.replace("SECONDS", "30"), transactional=False)
    await asyncio.to_thread(kill_at, "inside")
    assert (await base.rows("SELECT sum(count) FROM users_user"))[0][0] == 20
    assert await base.executor().applied() == {"users.0001_initial"}
    path.write_text(path.read_text().replace("(30)", "(0)"))
    assert await base.migrate() == ["users.0002_count"]
    assert await base.rows("SELECT count, count(*) FROM users_user GROUP BY count") == [(1, 40)]
    assert await base.rows("SELECT count(*) FROM users_user WHERE name LIKE '%!' AND name NOT LIKE '%!!'") == [(40,)]
    assert await base.table_names() == {"users_user"}


STEPS = """
def upgrade():
    op.add_column("users_user", sa.Column("one", sa.Integer))
    op.create_table("users_tag", sa.Column("id", sa.Integer, primary_key=True))
    op.execute("INSERT INTO users_tag (id) VALUES (1)")
    op.execute("LAST")


def downgrade():
    op.execute("DELETE FROM users_tag")
    op.drop_table("users_tag")
    op.execute("LAST")
    op.drop_column("users_user", "one")
"""


async def test_step_by_step_a_run_goes_on_at_the_operation_that_failed_both_ways(base: Base) -> None:
    path = await with_users(base, "0002_steps", STEPS.replace("LAST", "UPDATE nothing SET x = 1"), transactional=False)
    with pytest.raises(MigrationFailed, match="Statement: UPDATE nothing SET x = 1") as caught:
        await base.migrate()
    assert "what it did before this statement stands, and the next run continues here" in str(caught.value.hint)
    assert await base.rows("SELECT id FROM users_tag") == [(1,)]

    def correct(text: str, last: str) -> None:
        path.write_text(text.replace("UPDATE nothing SET x = 1", last))

    broken = path.read_text()
    correct(broken, "UPDATE users_user SET name = 'x'")
    await base.migrate()
    assert await base.rows("SELECT id FROM users_tag") == [(1,)]

    path.write_text(broken)
    with pytest.raises(MigrationFailed, match="unapply"):
        await base.take_back(["users.0002_steps"])
    assert await base.table_names() - {"framework_migration_progress"} == {"users_user"}
    # It counts as applied until it is taken back to its end.
    assert await base.executor().unfinished() == ["users.0002_steps"]
    base.workshop.write("users", "0003_more", "def upgrade(): pass\n", down_revision="users.0002_steps")
    with pytest.raises(MigrationFailed, match="is half unapplied"):
        await base.migrate()
    correct(broken, "UPDATE users_user SET name = 'y'")
    await base.take_back(["users.0002_steps"])
    assert await base.table_names() == {"users_user"}
    assert await base.executor().applied() == {"users.0001_initial"}


@pytest.mark.parametrize("shorter", [False, True])
async def test_a_file_changed_where_it_was_done_already_is_no_way_to_go_on(base: Base, shorter: bool) -> None:
    path = await with_users(base, "0002_steps", STEPS.replace("LAST", "UPDATE nothing SET x = 1"), transactional=False)
    with pytest.raises(MigrationFailed, match="UPDATE nothing"):
        await base.migrate()
    text = path.read_text().replace("UPDATE nothing SET x = 1", "SELECT 1")
    path.write_text(text.partition("    op.create_table")[0] if shorter else text.replace("VALUES (1)", "VALUES (2)"))
    with pytest.raises(MigrationFailed, match=r"interrupted after 3 operation\(s\)") as caught:
        await base.migrate()
    assert caught.value.code == "migrations.changed"
    assert await base.rows("SELECT id FROM users_tag") == [(1,)]


INDEX = """
def upgrade():
    op.create_index("ix_name", "users_user", ["name"], unique=True, postgresql_concurrently=True)


def downgrade():
    op.drop_index("ix_name", "users_user", postgresql_concurrently=True)
"""
SQL_INDEX = """
def upgrade():
    with op.get_context().autocommit_block():
        op.execute("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS ix_name ON users_user (name)")
"""


@pytest.mark.parametrize("text", [INDEX, 'def upgrade():\n    op.execute("VACUUM users_user")\n'])
async def test_what_no_transaction_takes_is_refused_before_anything_runs(base: Base, text: str) -> None:
    path = await with_users(base, "0002_tag", 'def upgrade():\n    op.execute("DELETE FROM users_user")\n')
    base.workshop.write("users", "0003_index", text, down_revision="users.0002_tag")
    with pytest.raises(MigrationFailed, match=r"users\.0003_index runs in one transaction") as caught:
        await base.migrate()
    assert caught.value.code == "migrations.transaction"
    assert "transactional = False" in str(caught.value.hint)
    assert await base.rows("SELECT count(*) FROM users_user") == [(40,)]
    assert path.exists()


ALEMBIC = """
def upgrade():
    op.add_column("users_user", sa.Column("one", sa.Integer))
    with op.get_context().autocommit_block():
        op.execute("VACUUM")
        op.get_bind().execute(sa.text("VACUUM"))
    op.execute("INSERT INTO users_user (id, one) VALUES (100, 1)")
"""


async def test_a_file_of_alembics_with_an_autocommit_block_runs_as_it_is(base: Base) -> None:
    await with_users(base, "0002_alembic", ALEMBIC)
    await base.migrate()
    assert await base.rows("SELECT id FROM users_user WHERE one = 1") == [(100,)]
    assert set(base.workshop.state().tables["users_user"].columns) == {"id", "name", "one"}


VALID = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass('ix_name')"


@ON_POSTGRESQL
@pytest.mark.parametrize("text", [INDEX, SQL_INDEX], ids=["operation", "sql"])
async def test_an_index_that_fails_leaves_nothing_and_is_made_by_the_next_run(base: Base, text: str) -> None:
    # Alembic's own files say it by their block alone.
    header: dict[str, object] = {"transactional": False} if text is INDEX else {}
    await with_users(base, "0002_index", text, **header)
    with pytest.raises(MigrationFailed, match="could not create unique index") as caught:
        await base.migrate()
    assert "CREATE UNIQUE INDEX CONCURRENTLY" in caught.value.message
    assert await base.rows(VALID) == []
    await base.execute("UPDATE users_user SET name = 'user ' || id")
    await base.migrate()
    assert await base.rows(VALID) == [(True,)]
    assert await base.table_names() == {"users_user"}


@ON_POSTGRESQL
@pytest.mark.parametrize("text", [INDEX, SQL_INDEX], ids=["operation", "sql"])
async def test_an_invalid_index_that_a_killed_run_left_is_made_again(base: Base, text: str) -> None:
    await with_users(base, "0002_index", text, transactional=False)
    async with base.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        with pytest.raises(sa.exc.IntegrityError):
            await connection.exec_driver_sql("CREATE UNIQUE INDEX CONCURRENTLY ix_name ON users_user (name)")
    assert await base.rows(VALID) == [(False,)]
    await base.execute("UPDATE users_user SET name = 'user ' || id")
    await base.migrate()
    assert await base.rows(VALID) == [(True,)]


@ON_POSTGRESQL
async def test_an_index_whose_making_was_cancelled_is_made_again(base: Base) -> None:
    await with_users(base, "0002_index", INDEX.replace("unique=True, ", ""), transactional=False)
    async with base.engine.connect() as user:
        # The making of an index waits for all that have changed the table.
        await user.exec_driver_sql("UPDATE users_user SET name = name WHERE id = 1")
        task = asyncio.create_task(base.migrate())
        for _ in range(200):
            await asyncio.sleep(0.05)
            if await base.rows("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX%' AND state = 'active'"):
                break
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await base.rows(VALID) == [(False,)]
    await base.migrate()
    assert await base.rows(VALID) == [(True,)]
    await base.take_back(["users.0002_index"])
    assert await base.rows(VALID) == []


@ON_POSTGRESQL
async def test_what_came_to_its_end_before_that_was_noted_is_not_done_again(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    await with_users(base, "0002_index", INDEX.replace("unique=True, ", ""), transactional=False)

    def die(operations: object) -> None:
        raise RuntimeError("killed")

    async def killed(run: Awaitable[object]) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(SteppedOperations, "note_done", die)
            with pytest.raises(RuntimeError, match="killed"):
                await run

    await killed(base.migrate())
    assert await base.rows(VALID) == [(True,)]
    await base.migrate()
    await killed(base.take_back(["users.0002_index"]))
    assert await base.rows(VALID) == []
    await base.take_back(["users.0002_index"])
    assert await base.executor().applied() == {"users.0001_initial"}


async def test_an_error_in_a_file_says_in_which_migration_and_what_stands(base: Base) -> None:
    wrong = "\n\ndef data(migration):\n    raise RuntimeError('mine')\n"
    await with_users(base, "0002_wrong", EVERYTHING + wrong)
    before = await shape(base)
    with pytest.raises(RuntimeError, match="mine") as caught:
        await base.migrate()
    assert caught.value.__notes__ == [
        "In migration users.0002_wrong. Nothing of this migration was kept, all before it stands."
    ]
    assert await shape(base) == before


@ON_POSTGRESQL
async def test_a_connection_that_breaks_leaves_the_last_good_state_and_frees_the_lock(base: Base) -> None:
    await with_users(base, "0002_all", EVERYTHING + '    op.execute("SELECT pg_terminate_backend(pg_backend_pid())")\n')
    before = await shape(base)
    with pytest.raises(MigrationFailed, match=r"Could not apply users\.0002_all"):
        await base.migrate()
    assert await shape(base) == before
    base.workshop.write("users", "0002_all", EVERYTHING, down_revision="users.0001_initial")
    await base.migrate()
