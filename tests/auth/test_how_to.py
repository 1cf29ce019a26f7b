"""The page on accounts: its files make a project whose tests pass, and its tables tell what there is."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from framework.auth.services import attempts
from framework.testing.projects import Projects
from framework.web import routes
from tests.auth.conftest import Site
from tests.auth.flows import settings
from tests.programs import QUIET

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "accounts.md").read_text()
FILES = {
    "manage.py": "from framework.management import main\nmain(settings='config.settings:ProjectSettings')\n",
    "config/__init__.py": "",
    "club/__init__.py": "",
    "club/apps.py": "from framework import AppConfig\nclass Club(AppConfig):\n    name = 'club'\n",
    "pyproject.toml": """
        [tool.pytest.ini_options]
        anyio_mode = "auto"
        filterwarnings = ["error"]
        framework_settings = "config.settings:ProjectSettings"
        """,
}


def test_the_tests_of_the_page_pass(tmp_path: Path) -> None:
    blocks = re.findall(r"^```(?:python|jinja)\n(?:#|\{#) (\S+)[^\n]*\n(.*?)^```$", PAGE, re.S | re.M)
    assert len(blocks) == 5
    for name, text in [*FILES.items(), *blocks]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *QUIET], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert "2 passed" in done.stdout, done.stdout + done.stderr


@pytest.mark.timeout(120)
def test_the_page_names_every_route_of_accounts(project_with: Projects) -> None:
    named = set(re.findall(r"`((?:GET|POST|PATCH) /auth/\S+)`", PAGE))
    module = "framework.auth.routes.accounts"
    there = {
        f"{method} {route.path}"
        for route in routes(project_with(Site, auth=settings()))
        for method in route.methods
        if route.endpoint.__module__ == module
    }
    assert named == there


def test_the_page_names_every_rate() -> None:
    named = re.findall(r"^\| `(auth\.[\w.]+)` \|[^|]+\| ([\w/; ]+?)(?:, forgotten[^|]*)? \|$", PAGE, re.M)
    there = [
        value for value in vars(attempts).values() if isinstance(value, tuple) and str(value[0]).startswith("auth.")
    ]
    assert set(named) == set(there) - {attempts.SAID}


def test_the_page_names_every_template() -> None:
    folder = ROOT / "framework" / "auth" / "templates" / "auth"
    sentence = PAGE.partition("They are ")[2].partition("each `.txt`")[0]
    there = {path.stem for path in folder.glob("*.txt")} - {"action"}
    assert set(re.findall(r"`(\w+)`", sentence)) == there
