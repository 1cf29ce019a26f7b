"""Starting a project: what is refused, and what is written."""

import os
import re
import stat
import tomllib
from pathlib import Path

import pytest

from framework.errors import CommandError
from framework.management.scaffold import start_project
from framework.management.scaffold.files import template_files


@pytest.mark.parametrize("name", ["1bad", "my-site", "class", "", "a b"])
def test_a_name_that_is_no_identifier_is_refused_as_django_does(name: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        start_project(name, tmp_path)
    assert caught.value.message == (
        f"{name!r} is not a valid project name. Please make sure the name is a valid identifier."
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["json", "framework", "fastapi", "__main__"])
def test_the_name_of_a_module_is_refused_as_django_does(name: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError) as caught:
        start_project(name, tmp_path)
    assert caught.value.message == (
        f"{name!r} conflicts with the name of an existing Python module and cannot be used as a project name. "
        "Please try another name."
    )
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    standing = tmp_path / "config" / "settings.py"
    standing.write_text("mine")
    with pytest.raises(CommandError, match=re.escape(f"{standing} already exists.")):
        start_project("site_", tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [standing]
    assert standing.read_text() == "mine"


def test_other_files_of_the_folder_stay(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    written = start_project("mysite", tmp_path)
    assert (tmp_path / "notes.txt").read_text() == "mine"
    templates = {tmp_path / relative for relative, _ in template_files("project")}
    assert set(written.created) == templates | {tmp_path / ".env"}


def test_every_project_has_a_secret_key_of_its_own_that_nobody_else_reads(tmp_path: Path) -> None:
    keys: set[str] = set()
    old = os.umask(0)
    try:
        for name in ("one", "two"):
            start_project(name, tmp_path / name)
            file = tmp_path / name / ".env"
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            debug, key = file.read_text().splitlines()
            assert debug == "DEBUG=1"
            assert re.fullmatch(r"SECRET_KEY=[\w-]{64}", key)
            keys.add(key)
    finally:
        os.umask(old)
    assert len(keys) == 2
    assert os.access(tmp_path / "one" / "manage.py", os.X_OK)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match=r"file is no folder to write '\.dockerignore' to: File exists\."):
        start_project("mysite", tmp_path / "file")


@pytest.mark.parametrize(
    ("name", "distribution"), [("my_site", "my-site"), ("_a__b_", "a-b"), ("MySite", "MySite"), ("сайт", "project")]
)
def test_packaging_tools_get_a_name_that_they_take(name: str, distribution: str, tmp_path: Path) -> None:
    start_project(name, tmp_path)
    assert tomllib.loads((tmp_path / "pyproject.toml").read_text())["project"]["name"] == distribution
    assert (tmp_path / "README.md").read_text().startswith(f"# {name}\n")
