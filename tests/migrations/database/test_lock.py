"""Several processes that migrate one database, and migrations on a database in use."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Generator
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from workbench import Base, column, key, model

from framework.migrations.database.lock import FileLock, Locked, run_lock
from framework.migrations.database.retries import RetryPolicy
from framework.migrations.errors import MigrationFailed
from framework.migrations.executor.executor import Executor

PROGRAM = Path(__file__).parents[1] / "replica.py"
USER = model("users", "User", key, column("name", sa.String(50)))
POST = model("blog", "Post", key, column("author_id", sa.Integer, to="users_user.id"))

type Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def start(base: Base, database_url: str) -> Generator[Start]:
    """Start a process that migrates the database."""
    begun: list[subprocess.Popen[str]] = []

    def start(mode: str = "wait") -> subprocess.Popen[str]:
        command = [sys.executable, str(PROGRAM), database_url, str(base.workshop.folder), mode]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        begun.append(process)
        return process

    yield start
    for process in begun:
        if process.poll() is None:
            process.kill()
        process.communicate()


def wait_for(process: subprocess.Popen[str], text: str) -> list[str]:
    """Read what a process prints up to a line that holds `text`."""
    lines: list[str] = []
    assert process.stdout is not None
    for line in process.stdout:
        lines.append(line.rstrip("\n"))
        if text in line:
            return lines
    raise AssertionError(f"{text!r} not found in {lines}")


def finish(process: subprocess.Popen[str], code: int = 0) -> str:
    output, _ = process.communicate(timeout=40)
    assert process.returncode == code, output
    return output


SLOWLY = """
def upgrade():
    op.execute("INSERT INTO users_user (name) VALUES ('Ada')")


def data(migration):
    import time; time.sleep(0.2)
"""


async def test_ten_processes_migrate_one_database_once(base: Base, start: Start) -> None:
    base.workshop.make(POST, USER)
    before = "users.0001_initial"
    for number in range(2, 6):
        base.workshop.write("users", f"000{number}_more", SLOWLY, down_revision=before)
        before = f"users.000{number}_more"
    lines = (await asyncio.to_thread(finish, start("10"))).splitlines()
    assert lines[-1] == "codes" + " 0" * 10
    names = ["blog.0001_initial", "users.0001_initial", *(f"users.000{number}_more" for number in range(2, 6))]
    assert sorted(line for line in lines if line.startswith("done")) == [f"done {name}" for name in names]
    assert await base.rows("SELECT count(*) FROM users_user") == [(4,)]
    assert len(await base.executor().applied()) == 6
    # Those that came while another was at it said so, and what it had done they did not do again.
    waiting = [line for line in lines if "is migrating this database (migrate on " in line]
    assert waiting
    assert (
        lines.count("skipped users.0005_more")
        == len([line for line in lines if line.startswith("start users.0005")]) - 1
    )


SLOW = """
import time


def upgrade():
    op.create_table("blog_tag", sa.Column("id", sa.Integer, primary_key=True))
    print("inside", flush=True)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("SELECT pg_sleep(SECONDS)")
    else:
        time.sleep(SECONDS)
"""


async def test_one_waits_one_leaves_and_when_the_first_is_killed_the_next_goes_on(base: Base, start: Start) -> None:
    base.workshop.make(USER)
    await base.migrate()
    path = base.workshop.write("blog", "0001_initial", SLOW.replace("SECONDS", "30"))
    first = start()
    wait_for(first, "inside")
    # What the others read when their turn comes.
    path.write_text(path.read_text().replace("(30)", "(0)"))
    second, third = start(), start("no-wait")
    (line,) = wait_for(second, "waiting for it")
    assert re.search(rf"Another process is migrating this database \(migrate on .*, pid {first.pid}\b", line)
    left = await asyncio.to_thread(finish, third, 75)
    assert re.search(rf"migrate on .*, pid {first.pid}.*nothing was done here", left)
    assert "[migrations.locked]" in left

    killed = time.monotonic()
    os.kill(first.pid, signal.SIGKILL)
    output = await asyncio.to_thread(finish, second)
    assert "done blog.0001_initial" in output
    # PostgreSQL looks for the client every two seconds while a statement runs, so no half-minute passes.
    assert time.monotonic() - killed < 15
    assert await base.table_names() == {"users_user", "blog_tag"}
    assert list(base.workshop.folder.glob("*-migrating")) == []


async def test_the_lock_is_one_for_a_database_and_free_after_an_error(base: Base) -> None:
    async with base.engine.connect() as one, base.engine.connect() as other:
        with suppress(ValueError):
            async with run_lock(one, wait=True, tell=print):
                with pytest.raises(Locked) as caught:
                    await run_lock(other, wait=False, tell=print).__aenter__()
                raise ValueError
        assert caught.value.exit_code == 75
        assert f"pid {os.getpid()}" in caught.value.message
        async with run_lock(other, wait=False, tell=print):
            pass


async def test_a_lock_on_a_file_that_its_former_holder_has_removed_counts_for_nothing(
    sqlite: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with sqlite.engine.connect() as connection:
        lock = FileLock(connection)

        def too_late(descriptor: int) -> bool:
            lock.path.unlink()
            return True

        with monkeypatch.context() as patch:
            patch.setattr("framework.migrations.database.lock.lock_file", too_late)
            assert not await lock.take()
        assert await lock.take()
        await lock.release()


async def test_nobody_who_waits_holds_up_an_index_that_is_made_concurrently(base: Base, start: Start) -> None:
    base.workshop.make(USER)
    await base.migrate()
    base.workshop.write(
        "users",
        "0002_index",
        """
def upgrade():
    op.create_index("ix_name", "users_user", ["name"], postgresql_concurrently=True)
    if type(op.get_bind()).__name__ == "Connection":  # not in replay
        print("inside", flush=True)
        import pathlib, time
        while not pathlib.Path(__file__).with_name("go").exists():
            time.sleep(0.05)
    op.create_index("ix_id_name", "users_user", ["id", "name"], postgresql_concurrently=True)
""",
        down_revision="users.0001_initial",
        transactional=False,
    )
    first = start()
    wait_for(first, "inside")
    second = start()
    wait_for(second, "waiting for it")
    (base.workshop.folders["users"] / "go").touch()
    await asyncio.to_thread(finish, first)
    await asyncio.to_thread(finish, second)
    indexes = await base.inspect(lambda found: found.get_indexes("users_user"))
    assert sorted(str(item["name"]) for item in indexes) == ["ix_id_name", "ix_name"]


@pytest.fixture
async def postgres(base: Base) -> Base:
    """The workshop on PostgreSQL, with a table in use."""
    base.workshop.make(USER)
    await base.migrate()
    await base.execute("INSERT INTO users_user (id, name) VALUES (1, 'Ada')")
    base.workshop.write(
        "users",
        "0002_more",
        'def upgrade():\n    op.add_column("users_user", sa.Column("more", sa.Integer))\n',
        down_revision="users.0001_initial",
    )
    return base


ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgres"], indirect=True)


@ON_POSTGRESQL
async def test_a_change_that_waits_for_a_lock_lets_readers_pass_and_comes_again(postgres: Base) -> None:
    executor = Executor(postgres.engine, postgres.workshop.graph(), RetryPolicy(lock_timeout=0.3, attempts=20))
    steps = executor.graph.forwards(executor.graph.order, await executor.applied())
    news: list[str] = []
    longest = 0.0
    async with postgres.engine.connect() as user:
        # A long report of the application: nothing may change the table while it runs.
        await user.exec_driver_sql("SELECT * FROM users_user")
        running = asyncio.create_task(executor.run(steps, tell=news.append))
        async with postgres.engine.connect() as reader:
            for _ in range(40):
                began = time.monotonic()
                await reader.exec_driver_sql("SELECT * FROM users_user")
                await reader.rollback()
                longest = max(longest, time.monotonic() - began)
                await asyncio.sleep(0.05)
        assert not running.done()
        await user.rollback()
    await running
    assert news
    assert re.match(r"a table is in use elsewhere; letting others pass for 0\.5 s \(attempt 1 of 20\)", news[0])
    # None waited longer than the change did; without a limit they would have until the report's end, for two seconds.
    assert 0.1 < longest < 1.2
    assert await postgres.rows("SELECT id, name, more FROM users_user") == [(1, "Ada", None)]


@ON_POSTGRESQL
async def test_a_change_that_never_gets_its_lock_fails_and_leaves_all_as_it_was(postgres: Base) -> None:
    executor = Executor(postgres.engine, postgres.workshop.graph(), RetryPolicy(lock_timeout=0.1, attempts=2))
    steps = executor.graph.forwards(executor.graph.order, await executor.applied())
    async with postgres.engine.connect() as user:
        await user.exec_driver_sql("SELECT * FROM users_user")
        with pytest.raises(MigrationFailed, match="lock timeout") as caught:
            await executor.run(steps)
    assert "Statement: ALTER TABLE users_user ADD COLUMN more INTEGER" in caught.value.message
    assert await executor.applied() == {"users.0001_initial"}
    await executor.run(steps)
    assert len(await executor.applied()) == 2


PROJECT = {
    "settings.py": """
from framework import Settings
from framework.db import DatabaseSettings
from framework.migrations import MigrationsSettings


class ProjectSettings(Settings):
    installed_apps: tuple[str, ...] = ("framework.db", "framework.migrations", "shop")
    database: DatabaseSettings = DatabaseSettings(url="sqlite:///db.sqlite3")
    migrations: MigrationsSettings = MigrationsSettings(lock_timeout=1)
""",
    "shop/__init__.py": "",
    "shop/apps.py": "from framework import AppConfig\n\n\nclass ShopConfig(AppConfig):\n    name = 'shop'\n",
    "run.py": """
import fcntl
import os
import sys
import threading

from framework.management import main

# Another process's run, as far as this one can tell.
held = os.open("db.sqlite3-migrating", os.O_RDWR | os.O_CREAT)
fcntl.flock(held, fcntl.LOCK_EX)
os.write(held, b"migrate on elsewhere, pid 1")
for line in ("makemigrations shop --empty", "migrate --no-wait", "migrate", "migrate shop zero"):
    sys.argv[:] = ["manage.py", *line.split()]
    if line == "migrate":
        threading.Timer(1, lambda: os.close(held)).start()
    try:
        main(settings="settings:ProjectSettings")
    except SystemExit as error:
        print("exit", error.code, file=sys.stderr)
    sys.stdout.flush()
print(open("shop/migrations/0001_initial.py").read())
""",
}


def test_the_command_leaves_or_waits_and_an_empty_migration_offers_data(tmp_path: Path) -> None:
    for name, text in PROJECT.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    hidden = ("DEBUG", "DATABASE_URL", "SECRET_KEY", "FRAMEWORK_SETTINGS", "FORCE_COLOR")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run(
        [sys.executable, "run.py"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    assert "Locked: Another process is migrating this database (migrate on elsewhere, pid 1)" in done.stderr
    assert "exit 75" in done.stderr
    assert (
        "Running migrations:\n"
        "  Another process is migrating this database (migrate on elsewhere, pid 1); waiting for it.\n"
        "  Applying shop.0001_initial... OK\n"
    ) in done.stdout
    assert "  Unapplying shop.0001_initial... OK\n" in done.stdout
    assert "from framework.migrations import Data\n" in done.stdout
    assert "async def data(migration: Data) -> None:\n" in done.stdout
    assert "async def undo_data(migration: Data) -> None:\n" in done.stdout
