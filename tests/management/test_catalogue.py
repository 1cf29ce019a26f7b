"""Commands are told from source; where that is not enough, by importing."""

import sys
from pathlib import Path

import pytest

from framework.management.catalogue import Catalogue, about, locate, read


def found(*sources: str) -> object:
    return read({f"{index}.py": source.encode() for index, source in enumerate(sources)})


HEAD = "import typer\ncommands = typer.Typer()\n"


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("@commands.command()\ndef load_all():\n    '''Load.\n\n    More.'''\n", ("load-all", "Load.", False)),
        ("@commands.command()\nasync def load(): ...\n", ("load", "", False)),
        ("@commands.command\ndef load(): ...\n", ("load", "", False)),
        ("@commands.command('bring', help='Bring.')\ndef load():\n    '''No.'''\n", ("bring", "Bring.", False)),
        ("@commands.command(name='bring', hidden=True)\ndef load(): ...\n", ("bring", "", True)),
        ("commands.command('bring')(load)\n", ("bring", "", False)),
        ("commands.add_typer(posts, name='posts', help='Posts.')\n", ("posts", "Posts.", False)),
    ],
)
def test_every_way_to_write_a_command_is_read(source: str, expected: tuple[str, str, bool]) -> None:
    assert found(HEAD + source) == [expected]


@pytest.mark.parametrize(
    "source",
    [
        "from elsewhere import commands\n",
        "commands = make()\n",
        HEAD + "for name in names:\n    commands.command(name)(load)\n",
        HEAD + "@commands.command(NAME)\ndef load(): ...\n",
        HEAD + "commands.add_typer(posts)\n",
        HEAD + "register = commands.command()\n",
    ],
)
def test_what_source_alone_cannot_tell_is_not_guessed(source: str) -> None:
    assert found(source) is None


def test_a_named_group_is_one_entry() -> None:
    source = "import typer\ncommands: typer.Typer = typer.Typer(name='audit', help='Records.')\n"
    assert found(source + "@commands.command()\ndef prune(): ...\n") == [("audit", "Records.", False)]


def test_commands_of_a_folder_are_read_from_all_its_files() -> None:
    assert found(HEAD, "from blog import commands\n@commands.command()\ndef load(): ...\n") == [("load", "", False)]


def package(folder: Path, name: str, **files: str) -> None:
    home = folder / name
    home.mkdir(parents=True)
    for file, text in {"__init__": "", **files}.items():
        (home / f"{file}.py").write_text(text)


def test_a_label_is_read_from_apps_and_nothing_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    boom = "raise RuntimeError('imported')\n"
    package(tmp_path, "catalogue_outer", __init__=boom)
    apps = f"{boom}class C(AppConfig):\n    name = 'catalogue_outer.inner'\n    label = 'shelf'\n"
    package(tmp_path, "catalogue_outer/inner", apps=apps, commands=f"{boom}{HEAD}@commands.command()\ndef stock(): ...")
    catalogue = Catalogue()
    catalogue.add_apps(["catalogue_outer.inner"])
    assert [(entry.name, entry.group, entry.module) for entry in catalogue.entries.values()] == [
        ("stock", "shelf", "catalogue_outer.inner.commands")
    ]
    assert not [name for name in sys.modules if name.startswith("catalogue_outer")]


def test_commands_made_while_importing_are_found_by_importing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    made = HEAD + "for name in ('one', 'two'):\n    @commands.command(name)\n    def load():\n        '''Load.'''\n"
    package(tmp_path, "catalogue_made", commands=made)
    catalogue = Catalogue()
    catalogue.add_apps(["catalogue_made"])
    assert {name: entry.help for name, entry in catalogue.entries.items()} == {"one": "Load.", "two": "Load."}


def test_commands_that_cannot_be_read_are_a_problem_with_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    package(tmp_path, "catalogue_broken", commands="\ndef (:\n")
    package(tmp_path, "catalogue_failing", commands="from nowhere_at_all import commands\n")
    catalogue = Catalogue()
    catalogue.add_apps(["catalogue_broken", "catalogue_failing"])
    assert not catalogue.entries
    broken, failing = catalogue.problems
    assert "'catalogue_broken'" in broken
    assert "commands.py, line 2)" in broken
    assert "No module named 'nowhere_at_all'" in failing


@pytest.mark.parametrize("name", ["framework", "framework.management", "json", "xml.dom"])
def test_packages_are_located(name: str) -> None:
    spec = locate(name)
    assert spec is not None
    assert spec.name == name


@pytest.mark.parametrize("name", ["nowhere_at_all", "framework.nowhere", "json.decoder.deeper", "sys.path"])
def test_what_is_nowhere_is_not_located(name: str) -> None:
    assert locate(name) is None


@pytest.mark.parametrize(
    ("source", "spelt"),
    [
        ("def load_all(): ...", True),
        ("async def Load_All(): ...", True),
        ("@commands.command('load-all')", True),
        ('@commands.command(name="load_all")', True),
        ("print('manage.py load-all')", False),
        ("def load_all_of_it(): ...", False),
    ],
)
def test_only_files_that_may_hold_a_wanted_command_are_read(source: str, spelt: bool) -> None:
    sources = {"group.py": b"commands = typer.Typer()", "command.py": source.encode(), "other.py": b"import this"}
    assert set(about("load-all", sources)) == ({"group.py", "command.py"} if spelt else set())
