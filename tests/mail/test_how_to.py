"""The page on mails: its files make a project whose test passes."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.programs import QUIET

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "mails.md"
MANAGE = """
from framework.management import main
main(settings="config.settings:ProjectSettings")
"""
APPS = """
from framework import AppConfig
class ShopConfig(AppConfig):
    name = "shop"
    requires = ("db", "mail")
"""
PYTEST = """
[tool.pytest.ini_options]
anyio_mode = "auto"
filterwarnings = ["error"]
framework_settings = "config.settings:ProjectSettings"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project that the page makes."""
    folder = tmp_path_factory.mktemp("project")
    blocks = re.findall(r"^```(?:python|jinja|html)\n(?:#|\{#) (\S+)[^\n]*\n(.*?)^```$", PAGE.read_text(), re.S | re.M)
    assert len(blocks) == 6
    for name, text in [*blocks, ("manage.py", MANAGE), ("shop/apps.py", APPS), ("pyproject.toml", PYTEST)]:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for package in ("shop", "config"):
        (folder / package / "__init__.py").touch()
    return folder


def run(folder: Path, *arguments: str) -> str:
    done = subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_test_of_the_page_passes(folder: Path) -> None:
    assert "1 passed" in run(folder, "-m", "pytest", "-q", *QUIET)


def test_the_command_of_the_page_uses_the_mailer_of_the_page(folder: Path) -> None:
    printed = run(folder, "manage.py", "sendtestmail", "you@example.com")
    assert "From: Shop <no-reply@example.com>\nTo: you@example.com\n" in printed
    assert printed.endswith("Handed a mail from Shop <no-reply@example.com> to PrintingPress.\n")
