"""What each command prints, on a small project."""

from __future__ import annotations  # `Folder` is only for checkers: a conftest cannot be imported

import json
import re
from typing import TYPE_CHECKING

import pytest

import framework

if TYPE_CHECKING:
    from tests.management.conftest import Folder

CHECKS = """
from framework.checks import Level, Message, check


@check(tags=("blog",))
def look(project):
    yield Message(Level.WARNING, "It rains.", hint="Take a coat.", code="blog.rain", where="blog/sky.py:3")
    yield Message(Level.INFO, "It is noon.")


@check(tags=("night",), deploy=True)
def look_up(project):
    yield Message(Level.ERROR, "No moon.", code="blog.moon")
"""
SERVICES = """
from framework import service


@service
class PostService:
    async def count(self) -> int:
        return 3
"""
NOISE = "\n\nWARNINGS:\nblog/sky.py:3: (blog.rain) It rains.\n\tHINT: Take a coat.\n\nINFOS:\n?: It is noon.\n\n"


@pytest.fixture
def blog(project: Folder) -> Folder:
    """A project with an app that has a check, a service, a section, a model and a route."""
    project.app(
        "blog",
        {
            "checks.py": CHECKS,
            "services.py": SERVICES,
            "settings.py": """
            from framework import Section


            class BlogSettings(Section):
                size: int = 3
                api_token: str = "t0ken"
            """,
            "models.py": "class Post: ...\n",
            "routes.py": """
            from fastapi import APIRouter

            router = APIRouter(prefix="/posts")


            @router.get("/{id}")
            async def read(id: int) -> int:
                return id


            @router.websocket("/feed")
            async def feed(socket): ...
            """,
        },
    )
    project.write({".env": f"SECRET_KEY={'s3cret' * 9}\n"})
    project.install("blog")
    return project


def test_check_prints_what_django_prints(blog: Folder) -> None:
    done = blog.manage("check")

    assert done.returncode == 0
    assert done.stderr == f"System check identified some issues:{NOISE}System check identified 2 issues (0 silenced).\n"
    assert done.stdout == ""


def test_a_warning_can_be_silenced_by_its_code_and_is_counted(blog: Folder) -> None:
    done = blog.manage("check", environment={"SILENCED_CHECKS": "blog.rain"})

    assert "It rains." not in done.stderr
    assert done.stderr.endswith("System check identified 1 issue (1 silenced).\n")


def test_check_of_a_sound_project_has_one_line(project: Folder) -> None:
    done = project.manage("check", environment={"DEBUG": "1"})

    assert (done.returncode, done.stdout) == (0, "System check identified no issues (0 silenced).\n")


def test_check_looks_at_what_would_be_served(project: Folder) -> None:
    project.app(
        "blog",
        {
            "routes.py": """
            from fastapi import APIRouter, Depends
            from framework.web import Inject

            class Nowhere: ...

            def current(nowhere: Inject[Nowhere]): ...

            router = APIRouter()

            @router.get("/", dependencies=[Depends(current)])
            async def root(): ...
            """,
        },
    )
    project.install("blog")

    said = project.manage("check", environment={"DEBUG": "1"}).stderr
    project.write({"blog/middleware.py": "middleware = 3"})
    refused = project.manage("check", environment={"DEBUG": "1"})

    assert "(services.not-found) blog:root cannot be answered. Nothing provides blog.routes.Nowhere." in said
    assert (refused.returncode, "blog/middleware.py" in refused.stderr) == (1, True)


def test_check_fails_from_the_given_level_on(blog: Folder) -> None:
    done = blog.manage("check", "--fail-level", "warning")

    assert done.returncode == 1
    assert done.stderr.startswith("SystemCheckError: System check identified some issues:\n")
    assert blog.manage("check", "--fail-level", "loud").returncode == 2


def test_check_deploy_runs_more_and_json_has_everything(blog: Folder) -> None:
    done = blog.manage("check", "--deploy", "--json", "--tag", "blog", "--tag", "night")

    assert done.returncode == 1
    assert json.loads(done.stdout) == [
        {
            "level": "WARNING",
            "code": "blog.rain",
            "message": "It rains.",
            "hint": "Take a coat.",
            "where": "blog/sky.py:3",
        },
        {"level": "INFO", "code": "", "message": "It is noon.", "hint": None, "where": None},
        {"level": "ERROR", "code": "blog.moon", "message": "No moon.", "hint": None, "where": None},
    ]


def test_check_lists_its_tags_and_refuses_another(blog: Folder) -> None:
    assert {"blog", "security"} <= set(blog.manage("check", "--list-tags").stdout.split())
    assert "night" in blog.manage("check", "--list-tags", "--deploy").stdout.split()

    done = blog.manage("check", "--tag", "foo")
    assert done.returncode == 1
    assert done.stderr.startswith('CommandError: There is no system check with the "foo" tag.\n  Hint: There are: ')


def test_routes_are_listed_with_their_place_in_the_code(blog: Folder) -> None:
    listed = blog.manage("routes").stdout
    rows = json.loads(blog.manage("routes", "--json").stdout)

    assert re.search(r"^GET +/posts/\{id\} +blog:read +blog +\S+ +\S*blog/routes\.py:\d+$", listed, re.MULTILINE)
    assert [(row["methods"], row["path"], row["name"], row["app"]) for row in rows] == [
        (["GET"], "/posts/{id}", "blog:read", "blog"),
        (["WS"], "/posts/feed", "blog:feed", "blog"),
    ]
    assert all("blog/routes.py:" in row["where"] for row in rows)


def test_settings_are_shown_with_their_source_and_without_secrets(blog: Folder) -> None:
    environment = {"BLOG__SIZE": "7", "BLOG__SIEZ": "8", "ALLOWED_HOSTS": "example.com"}
    done = blog.manage("settings", environment=environment)
    rows = {row["name"]: row for row in json.loads(blog.manage("settings", "--json", environment=environment).stdout)}

    assert "s3cret" not in done.stdout + done.stderr
    assert "t0ken" not in done.stdout + done.stderr
    assert re.search(r"^blog\.size +7 +BLOG__SIZE in the environment$", done.stdout, re.MULTILINE)
    assert re.search(r"^secret_key +'\*+' +SECRET_KEY in \.env:1$", done.stdout, re.MULTILINE)
    assert re.search(r"^web.prefix +'' +WebSettings in framework/web/settings\.py:\d+$", done.stdout, re.MULTILINE)
    assert "BLOG__SIEZ in the environment is not read" in done.stderr
    assert rows["web.prefix"]["kind"] == "default"
    assert (rows["secret_key"]["kind"], rows["secret_key"]["line"]) == ("dotenv", 1)


def test_settings_of_a_project_that_does_not_load_are_shown_all_the_same(blog: Folder) -> None:
    blog.install("blog", "shpo")

    done = blog.manage("settings")

    assert done.returncode == 0
    assert "debug" in done.stdout
    assert "Some sections are missing: " in done.stderr


def test_apps_are_listed_in_order(blog: Folder) -> None:
    blog.app("shop", {})
    blog.install("shop", "blog")

    rows = json.loads(blog.manage("apps", "--json").stdout)

    assert [(row["label"], row["name"], row["path"]) for row in rows] == [
        ("shop", "shop", str(blog.path / "shop")),
        ("blog", "blog", str(blog.path / "blog")),
    ]


def test_version_is_that_of_the_framework(project: Folder) -> None:
    assert project.manage("version").stdout == project.manage("--version").stdout == f"{framework.__version__}\n"


def test_shell_runs_code_with_everything_at_hand(blog: Folder) -> None:
    code = "print(project.settings is settings, Post.__name__, await (await get(PostService)).count(), scope)"

    done = blog.manage("shell", "-c", code)

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("True Post 3 <framework.services.scope.Scope")


def test_shell_reads_code_from_stdin(blog: Folder) -> None:
    source = "import asyncio\n\nasync def f():\n    await asyncio.sleep(0)\n    return 5\n\nprint(await f())\n"

    done = blog.manage("shell", input=source)

    assert (done.returncode, done.stdout) == (0, "5\n")


def test_shell_shows_an_error_of_the_code_and_fails(blog: Folder) -> None:
    done = blog.manage("shell", "-c", "await get(PostService)\n1 / 0")

    assert done.returncode == 1
    assert done.stderr.splitlines()[1] == '  File "<string>", line 2, in <module>'
    assert done.stderr.splitlines()[-1] == "ZeroDivisionError: division by zero"


def test_test_runs_pytest_in_debug_and_passes_arguments_on(blog: Folder) -> None:
    blog.write(
        {
            "tests/test_it.py": """
            import os

            import config


            def test_debug():
                assert os.environ["DEBUG"] == "1"


            def test_other():
                raise AssertionError
            """,
            "pyproject.toml": "[tool.pytest.ini_options]\n",
        }
    )

    assert blog.manage("test", "-q", "-k", "debug").returncode == 0
    failed = blog.manage("test", "-q", "tests/test_it.py", "-p", "no:cacheprovider")
    assert failed.returncode == 1
    assert "1 failed, 1 passed" in failed.stdout


def test_test_without_pytest_says_how_to_get_it(blog: Folder) -> None:
    hidden = "import sys\nsys.modules['pytest'] = None\n"  # what an environment without it looks like to an import
    blog.write({"manage.py": hidden + (blog.path / "manage.py").read_text()})

    done = blog.manage("test")

    assert done.returncode == 1
    assert done.stderr.startswith("CommandError: pytest is not installed.\n  Hint: Install it with: pip install ")


def test_a_command_is_fast_because_it_loads_little(project: Folder) -> None:
    seen = "import atexit, sys\natexit.register(lambda: print([n for n in ('fastapi', 'uvicorn', 'sqlmodel')" + (
        " if n in sys.modules], file=sys.stderr))\n"
    )
    project.write({"manage.py": seen + (project.path / "manage.py").read_text()})

    assert project.manage("apps").stderr == "[]\n"
    assert project.manage("settings").stderr.endswith("[]\n")
