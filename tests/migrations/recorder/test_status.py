"""What is told from the headers of files and the rows of a database, without loading the project."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from workbench import Base, Workshop

from framework.db.url import DatabaseURL
from framework.errors import CommandError
from framework.migrations.history.graph import Graph
from framework.migrations.recorder.reader import Rows, read_rows

SETTINGS = """from framework import Settings


class ProjectSettings(Settings):
    installed_apps: tuple[str, ...] = ("framework.db", "framework.migrations", "blog")
"""
APP = "from framework import AppConfig\n\n\nclass BlogConfig(AppConfig):\n    name = 'blog'\n"
MIGRATION = '"""Create model Post."""\n\nrevision = "blog.0001_initial"\ndown_revision = None\n\n\ndef upgrade(): ...\n'
PROGRAM = """
import sys
from framework.management import main

for line in ("showmigrations", "showmigrations --plan", "migrate --plan", "migrate --check", "migrate"):
    sys.argv[:] = ["manage.py", *line.split()]
    try:
        main(settings="config.settings:ProjectSettings")
    except SystemExit as error:
        assert not error.code, line
print(sorted({name.partition(".")[0] for name in sys.modules} & {"alembic", "sqlalchemy", "sqlmodel", "fastapi"}))
"""


def test_looking_loads_no_models_no_sqlmodel_and_no_alembic(tmp_path: Path) -> None:
    files = {
        "config/__init__.py": "",
        "config/settings.py": SETTINGS,
        "blog/__init__.py": "",
        "blog/apps.py": APP,
        "blog/models.py": "raise SystemError('The models were loaded.')",
        "blog/migrations/0001_initial.py": MIGRATION,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as connection:
        connection.execute("CREATE TABLE framework_migration (app TEXT, name TEXT, applied_at TEXT)")
        connection.execute("INSERT INTO framework_migration VALUES ('blog', '0001_initial', '')")
        connection.commit()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, env={}, capture_output=True, text=True, check=True
    )
    assert done.stdout == (
        "blog\n [X] 0001_initial\n"
        "[X]  blog.0001_initial\n"
        "Planned operations:\n  No planned migration operations.\n"
        "Operations to perform:\n  Apply all migrations: blog\nRunning migrations:\n  No migrations to apply.\n"
        "[]\n"
    )


@pytest.mark.parametrize("rows", ["", "def data(", "async def data("])
def test_migrating_loads_the_project_only_for_work_on_rows(tmp_path: Path, rows: str) -> None:
    work = f"\n\n{rows}migration):\n    from blog import models\n\n    print('\\n' + models.ready)\n" if rows else ""
    files = {
        "config/__init__.py": "",
        "config/settings.py": SETTINGS,
        "blog/__init__.py": "",
        "blog/apps.py": APP
        + "\n    def ready(self, project):\n        from blog import models\n\n        models.ready = 'ready'\n",
        "blog/models.py": "print('The models were loaded.')\n",
        "blog/migrations/0001_initial.py": MIGRATION + work,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    program = "from framework.management import main\nmain(settings='config.settings:ProjectSettings')"
    done = subprocess.run(
        [sys.executable, "-c", program, "migrate"], cwd=tmp_path, env={}, capture_output=True, text=True, check=True
    )
    loaded = [line for line in done.stdout.splitlines() if line in ("The models were loaded.", "ready")]
    assert loaded == (["The models were loaded.", "ready"] if rows else [])
    assert read_rows(DatabaseURL.parse("sqlite:///db.sqlite3", root=tmp_path)).names == {("blog", "0001_initial")}


async def test_the_driver_alone_reads_what_sqlalchemy_reads(base: Base, workshop: Workshop, database_url: str) -> None:
    import anyio

    workshop.write("blog", "0001_initial", "def upgrade() -> None:\n    pass\n")
    url = DatabaseURL.parse(database_url, root=workshop.folder)
    assert await anyio.to_thread.run_sync(read_rows, url) == Rows()
    await base.execute(
        "CREATE TABLE alembic_version (version_num VARCHAR(32))", "INSERT INTO alembic_version VALUES ('ae1')"
    )
    assert await anyio.to_thread.run_sync(read_rows, url) == await base.executor().rows() == Rows(versions=("ae1",))
    await base.execute("DELETE FROM alembic_version")
    await base.migrate()
    found = await anyio.to_thread.run_sync(read_rows, url)
    assert found == await base.executor().rows() == Rows(frozenset({("blog", "0001_initial")}))


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    assert read_rows(DatabaseURL.parse("sqlite:///a b?.sqlite3".replace("?", ""), root=tmp_path)) == Rows()
    assert list(tmp_path.iterdir()) == []


def test_looking_at_a_write_ahead_log_leaves_no_files_behind(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "db.sqlite3")) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE framework_migration (app TEXT, name TEXT, applied_at TEXT)")
    assert read_rows(DatabaseURL.parse("sqlite:///db.sqlite3", root=tmp_path)) == Rows()
    assert [path.name for path in tmp_path.iterdir()] == ["db.sqlite3"]


def test_a_database_that_does_not_answer_is_named_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        read_rows(DatabaseURL.parse("postgresql://nobody:secret@127.0.0.1:9/nothing", root=tmp_path))
    assert caught.value.code == "migrations.unreadable"
    assert "nobody@127.0.0.1:9/nothing" in caught.value.message
    assert "secret" not in str(caught.value)


def test_rows_of_what_has_no_file_change_nothing() -> None:
    assert Rows(frozenset({("gone", "0001_initial")})).applied(Graph([])) == set()
