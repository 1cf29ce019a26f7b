"""A database that is not there is one sentence, and a key that serving refuses is told and no obstacle."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from framework import Project, Settings
from framework.db import DatabaseSettings
from framework.errors import CommandError
from framework.migrations import migrate

APPS = ("framework.db", "framework.migrations")


def project(url: str, root: Path) -> Project:
    made = Settings(_root=root, _environ={}, _env_file=None, installed_apps=APPS, database=DatabaseSettings(url=url))
    return Project(made)


async def test_a_server_that_does_not_run_is_named_without_its_password(tmp_path: Path, allow_database) -> None:
    url = "postgresql://user:s3cret@127.0.0.1:1/shop"
    allow_database(url)
    with pytest.raises(
        CommandError, match=r"The database postgresql://user@127\.0\.0\.1:1/shop cannot be read"
    ) as caught:
        await migrate(project(url, tmp_path))
    assert caught.value.code == "migrations.unreadable"


async def test_a_folder_that_is_not_there_is_named(tmp_path: Path, allow_database) -> None:
    url = f"sqlite:///{tmp_path}/none/db.sqlite3"
    allow_database(url)
    with pytest.raises(CommandError, match=r"there is no folder .*none"):
        await migrate(project(url, tmp_path))


def test_migrate_tells_of_a_missing_secret_key_and_goes_on(tmp_path: Path) -> None:
    program = "from framework.management import main\nmain(settings='site_settings:Site')"
    (tmp_path / "site_settings.py").write_text(
        f"from framework import Settings\n\n\nclass Site(Settings):\n    installed_apps: tuple[str, ...] = {APPS}\n"
    )
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3"}
    command = [sys.executable, "-c", program, "migrate"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith("WARNING: secret_key is missing; wanted at least 32 random bytes outside debug.")
    assert "No migrations to apply." in done.stdout
