"""The page on access rules: its files make a project whose test passes."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.auth.conftest import Site
from tests.programs import QUIET

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "access-rules.md"
FILES = {
    "config/__init__.py": "",
    "config/settings.py": f"""
from framework import Settings
from framework.db import DatabaseSettings
from framework.web import WebSettings

class ProjectSettings(Settings):
    installed_apps: tuple[str, ...] = {(*Site.model_fields["installed_apps"].default, "blog")}
    database: DatabaseSettings = DatabaseSettings()
    web: WebSettings = WebSettings(prefix="/api")
""",
    "manage.py": "from framework.management import main\nmain(settings='config.settings:ProjectSettings')\n",
    "blog/__init__.py": "",
    "blog/apps.py": """
from framework import AppConfig

class BlogConfig(AppConfig):
    name = "blog"
    requires = ("db", "auth")
""",
    "tests/test_rules.py": """
import pytest

from blog.rules import Senior
from framework.errors import PermissionDenied
from framework.users.models import User

async def test_newcomers_wait(monkeypatch):
    async def identity(self, connection):
        return type("Identity", (), {"user": User(email="a@example.com")})
    monkeypatch.setattr(Senior, "identity", identity)
    assert (await Senior("0")(None)).email == "a@example.com"
    with pytest.raises(PermissionDenied, match="Come back 30 days"):
        await Senior("30")(None)
""",
    "pyproject.toml": """
[tool.pytest.ini_options]
anyio_mode = "auto"
filterwarnings = ["error"]
framework_settings = "config.settings:ProjectSettings"
""",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project that the page makes."""
    folder = tmp_path_factory.mktemp("project")
    blocks = dict(re.findall(r"^```python\n# (\S+)\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE))
    assert set(blocks) == {
        "blog/models.py",
        "blog/policies.py",
        "blog/routes.py",
        "blog/rules.py",
        "blog/services.py",
        "tests/test_access.py",
    }
    for name, text in {**FILES, **blocks}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def run(folder: Path, *arguments: str) -> str:
    environment = {"PATH": os.environ["PATH"], "SECRET_KEY": "a long one " * 9}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_tests_of_the_page_pass(folder: Path) -> None:
    assert "2 passed" in run(folder, "-m", "pytest", "-q", *QUIET)


def test_the_commands_of_the_page_show_and_keep_who_may_call_what(folder: Path) -> None:
    shown = run(folder, "manage.py", "access")
    head, desk = 'Require("blog.publish_post")', "/api/posts/desk"
    assert f"{head}\n  GET     {desk}/waiting  (blog:waiting)\n  POST    {desk}/{{id}}" in shown
    assert "No rule" not in shown
    run(folder, "manage.py", "access", "--lock")
    lines = (folder / "access.lock").read_text().splitlines()
    for line in ("GET /api/posts  Public", "GET /api/posts/{id}  Public", 'PUT /api/posts/{id}  Scopes("posts:write")'):
        assert line in lines
    assert "GET /api/posts/mine  LoginRequired" in lines
