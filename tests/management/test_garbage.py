"""A command loads without looking for garbage; what goes on for long is collected as usual."""

from __future__ import annotations  # `Folder` is only for checkers: a conftest cannot be imported

import gzip
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.management.conftest import Folder

COMMANDS = """
import gc
import gzip
import typer
from framework.services import Inject
from blog.services import Clock

commands = typer.Typer()
report = open("report.txt", "w")
packed = gzip.open("report.gz", "wt")


@commands.command()
def load():
    print(gc.isenabled(), gc.get_threshold()[0] > 100_000, gc.get_freeze_count() > 10_000)
    report.write("written")
    packed.write("written")


@commands.command()
def work(clock: Inject[Clock]):
    print(gc.isenabled(), gc.get_threshold()[0] < 10_000, gc.get_freeze_count() > 10_000)
    report.write("written")
"""


def blog(project: Folder) -> Folder:
    services = "from framework.services import service\n\n\n@service\nclass Clock:\n    pass\n"
    project.app("blog", {"commands.py": COMMANDS, "services.py": services})
    project.install("blog")
    return project


def test_a_command_loads_without_a_search_for_garbage(project: Folder) -> None:
    done = blog(project).manage("load")
    assert (done.stdout, done.stderr) == ("True True False\n", "")


def test_a_command_at_work_with_services_is_collected_as_usual_but_for_what_was_loaded(project: Folder) -> None:
    done = blog(project).manage("work")
    assert (done.stdout, done.stderr) == ("True True True\n", "")


@pytest.mark.parametrize("command", ["load", "work"])
def test_files_that_nobody_closes_are_written_to_their_end(project: Folder, command: str) -> None:
    blog(project).manage(command)
    assert (project.path / "report.txt").read_text() == "written"
    if command == "load":
        assert gzip.decompress((project.path / "report.gz").read_bytes()) == b"written"
