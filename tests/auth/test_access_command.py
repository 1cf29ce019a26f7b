"""`manage.py access` and the check of the routes, on a project in a folder of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

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
def manage(tmp_path: Path):
    """Run `manage.py` of a project with routes."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(dedent(text))
    environment = {"PATH": os.environ["PATH"], "SECRET_KEY": "a long one " * 9, "PYTHONDONTWRITEBYTECODE": "1"}

    def manage(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )

    return manage


def test_access_shows_routes_by_rule_and_those_without_one_first(manage):
    own = [line for line in manage("access").stdout.splitlines() if "auth:" not in line]
    assert "\n".join(own).startswith("No rule\n")
    for lines in (
        ["No rule", "  POST", "/cards  (board:create)"],
        ["Public", "  GET", "/cards  (board:read)", "/health/live  (health:live)"],
        ['Weekdays("monday")', "  DELETE,PUT", "/cards/{id}  (board:change)"],
    ):
        places = ["\n".join(own).index(line) for line in lines]
        assert places == sorted(places)


def test_access_as_json(manage):
    found = {route["name"]: route for route in json.loads(manage("access", "--json").stdout)}
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


def test_the_lock_names_who_gained_access_before_who_lost_it(manage, tmp_path):
    missing = manage("access", "--check")
    assert (missing.returncode, "There is no access.lock in" in missing.stderr) == (1, True)

    assert manage("access", "--lock").returncode == 0
    assert 'PUT /cards/{id}  Weekdays("monday")' in (tmp_path / "access.lock").read_text().splitlines()
    assert (manage("access", "--check").stdout, manage("access", "--check").returncode) == (
        "access.lock is up to date.\n",
        0,
    )

    routes = tmp_path / "board" / "routes.py"
    text = routes.read_text().replace("dependencies=[Public]", "dependencies=[Weekdays('friday')]")
    routes.write_text(text.replace('[Weekdays("monday")]', "[Public]").replace('post("")', 'post("/new")'))
    done = manage("access", "--check")
    assert done.returncode == 1
    assert done.stderr.startswith(
        "Gained access:\n"
        "  POST /cards/new: - (new)\n"
        '  DELETE /cards/{id}: Weekdays("monday") -> Public\n'
        '  PUT /cards/{id}: Weekdays("monday") -> Public\n'
        "Lost access:\n"
        '  GET /cards: Public -> Weekdays("friday")\n'
        "  POST /cards: - -> (gone)\n"
    )
    assert "[auth.lock]" in done.stderr

    assert manage("access", "--lock", "other.lock").returncode == 0
    assert manage("access", "other.lock", "--check").returncode == 0


def test_check_names_routes_without_a_rule_and_fails_for_a_deployment(manage, tmp_path):
    done = manage("check")
    assert done.returncode == 0
    assert f"{tmp_path}/board/routes.py:17: (auth.no-rule) POST /cards (board:create) does not say" in done.stderr
    assert done.stderr.count("auth.no-rule") == 1
    deployed = manage("check", "--deploy", "--tag", "security", "--json")
    assert deployed.returncode == 1
    found = [message for message in json.loads(deployed.stdout) if message["code"] == "auth.no-rule"]
    assert [(message["level"], message["where"]) for message in found] == [("ERROR", f"{tmp_path}/board/routes.py:17")]
