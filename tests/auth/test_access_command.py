"""`manage.py access` and the check of the routes, on a project in a folder of its own."""

import json as json_
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from framework import Project
from framework.auth.commands.access import access
from framework.checks import Level, run
from framework.errors import CommandError
from framework.testing.projects import Projects
from tests.auth.conftest import Site

APPS = (*Site.model_fields["installed_apps"].default, "framework.health", "board")
FILES = {
    "manage.py": "from framework.management import main\nmain(settings='settings:ProjectSettings')\n",
    "settings.py": """
        from framework import Settings

        class ProjectSettings(Settings):
            installed_apps: tuple[str, ...] = (
                "framework.db", "framework.cache", "framework.throttling", "framework.mail",
                "framework.users", "framework.auth", "framework.health", "board"
            )
        """,
    "board/__init__.py": "",
    "board/apps.py": "from framework import AppConfig\nclass Config(AppConfig):\n    name = 'board'\n",
    "board/routes.py": """
        from fastapi import APIRouter
        from starlette.requests import HTTPConnection
        from framework.web import Public, Rule

        class Weekdays(Rule):
            async def __call__(self, connection: HTTPConnection) -> None: ...

        router = APIRouter(prefix="/cards")

        @router.get("", dependencies=[Public])
        def read(): ...

        @router.api_route("/{id}", methods=["PUT", "DELETE"], dependencies=[Weekdays("monday")])
        def change(id: int): ...

        @router.post("")
        def create(): ...
        """,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with routes."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(dedent(text))
    return tmp_path


@pytest.fixture
def project(folder: Path, monkeypatch: pytest.MonkeyPatch, project_with: Projects) -> Iterator[Project]:
    monkeypatch.syspath_prepend(str(folder))
    yield project_with(Site, installed_apps=APPS, _root=folder)
    for module in list(sys.modules):
        if module.partition(".")[0] == "board":
            del sys.modules[module]


def test_access_shows_routes_by_rule_and_those_without_one_first(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    access(project)
    own = "\n".join(line for line in capsys.readouterr().out.splitlines() if "auth:" not in line)
    assert own.startswith("No rule\n")
    for lines in (
        ["No rule", "  POST", "/cards  (board:create)"],
        ["Public", "  GET", "/cards  (board:read)", "/health/live  (health:live)"],
        ['Weekdays("monday")', "  DELETE,PUT", "/cards/{id}  (board:change)"],
    ):
        places = [own.index(line) for line in lines]
        assert places == sorted(places)


def test_access_as_json(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    access(project, json=True)
    found = {route["name"]: route for route in json_.loads(capsys.readouterr().out)}
    assert found["board:change"] | {"where": ""} == {
        "methods": ["DELETE", "PUT"],
        "path": "/cards/{id}",
        "name": "board:change",
        "app": "board",
        "rules": ['Weekdays("monday")'],
        "open": False,
        "where": "",
    }
    assert found["board:change"]["where"].endswith("board/routes.py:14")
    assert (found["board:create"]["rules"], found["board:create"]["open"]) == ([], True)


def test_the_lock_names_who_gained_access_before_who_lost_it(
    project: Project, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match=r"There is no access\.lock in"):
        access(project, check=True)
    access(project, lock=True)
    lock = folder / "access.lock"
    assert 'PUT /cards/{id}  Weekdays("monday")' in lock.read_text().splitlines()
    access(project, check=True)
    assert capsys.readouterr().out.endswith("access.lock is up to date.\n")

    before = lock.read_text().replace("POST /cards  -", "POST /old  -")
    before = before.replace("GET /cards  Public", 'GET /cards  Weekdays("friday")')
    lock.write_text(before.replace('PUT /cards/{id}  Weekdays("monday")', "PUT /cards/{id}  Public"))
    with pytest.raises(CommandError) as error:
        access(project, check=True)
    assert (error.value.code, error.value.exit_code) == ("auth.lock", 1)
    assert capsys.readouterr().err == (
        "Gained access:\n"
        '  GET /cards: Weekdays("friday") -> Public\n'
        "  POST /cards: - (new)\n"
        "Lost access:\n"
        '  PUT /cards/{id}: Public -> Weekdays("monday")\n'
        "  POST /old: - -> (gone)\n"
    )


def test_the_lock_may_be_another_file(project: Project, folder: Path) -> None:
    access(project, folder / "other.lock", lock=True)
    access(project, folder / "other.lock", check=True)
    assert not (folder / "access.lock").exists()
    with pytest.raises(CommandError, match="Either --lock writes the file"):
        access(project, lock=True, check=True)


def test_the_check_warns_of_routes_without_a_rule_and_fails_for_a_deployment(project: Project, folder: Path) -> None:
    for deploy, level in ((False, Level.WARNING), (True, Level.ERROR)):
        (found,) = [each for each in run(project, tags=("security",), deploy=deploy) if each.code == "auth.no-rule"]
        assert found.text == "POST /cards (board:create) does not say who may call it."
        assert (found.level, found.where) == (level, f"{folder}/board/routes.py:17")


def test_the_command_line_knows_access_and_its_exit_code(folder: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "SECRET_KEY": "a long one " * 9}
    command = [sys.executable, "manage.py", "access", "--check"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "There is no access.lock in" in done.stderr
