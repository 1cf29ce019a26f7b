"""Migrations and what comes before what, from the headers of files alone."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from workbench import Workshop

from framework.migrations.errors import HistoryError
from framework.migrations.history.graph import Graph, Migration
from framework.migrations.history.loader import glance, parsed

NOTHING = "def upgrade() -> None:\n    pass\n"


def node(app: str, number: int, *parents: str, depends_on: tuple[str, ...] = ()) -> Migration:
    name = f"{number:04}_x"
    return Migration(app, name, f"{app}.{name}", Path(f"{name}.py"), parents, depends_on)


def test_the_order_is_the_same_whatever_order_files_come_in() -> None:
    nodes = [
        node("a", 1, depends_on=("b.0001_x",)),
        node("a", 2, "a.0001_x"),
        node("b", 1),
        node("b", 2, "b.0001_x", depends_on=("a.0002_x",)),
    ]
    wanted = ["b.0001_x", "a.0001_x", "a.0002_x", "b.0002_x"]
    assert Graph(nodes).order == wanted
    assert Graph(reversed(nodes)).order == wanted


def test_a_missing_parent_is_named_with_the_file_that_wants_it() -> None:
    missing = r"Migration a\.0002_x comes after 'a\.0001_x', which does not exist\."
    with pytest.raises(HistoryError, match=missing) as caught:
        Graph([node("a", 2, "a.0001_x")])
    assert caught.value.hint == "Restore the file, or correct 0002_x.py."  # not: did you mean this one itself?


def test_a_dependency_on_an_app_that_is_gone_says_so() -> None:
    with pytest.raises(HistoryError) as caught:
        Graph([node("a", 1, depends_on=("gone.0001_x",))])
    assert caught.value.hint == "Install the app 'gone', or remove the dependency from 0001_x.py."


def test_a_circle_is_printed() -> None:
    with pytest.raises(HistoryError, match=r"circle: a\.0001_x → b\.0001_x → a\.0001_x"):
        Graph([node("a", 1, depends_on=("b.0001_x",)), node("b", 1, depends_on=("a.0001_x",))])


def test_two_files_with_one_revision_are_both_named() -> None:
    with pytest.raises(HistoryError, match=r"Two migrations are called 'a\.0001_x'"):
        Graph([node("a", 1), node("a", 1)])


def test_two_ends_are_a_conflict() -> None:
    graph = Graph([node("a", 1), node("a", 2, "a.0001_x"), node("a", 3, "a.0001_x")])
    assert list(graph.conflicts()) == ["a"]


def test_taking_back_an_app_takes_what_other_apps_built_on_it() -> None:
    graph = Graph([node("a", 1), node("b", 1, depends_on=("a.0001_x",)), node("c", 1)])
    steps = graph.to_zero("a", {"a.0001_x", "b.0001_x", "c.0001_x"})
    assert [step.migration.revision for step in steps] == ["b.0001_x", "a.0001_x"]


def test_the_start_of_a_name_is_taken_for_the_whole() -> None:
    long = Migration("a", "0002_a_long_name", "a.0002_a_long_name", Path())
    with pytest.raises(HistoryError) as caught:
        Graph([node("a", 1), long, node("a", 2), node("a", 3, "a.0002_a")])
    assert "Did you mean 'a.0002_a_long_name'?" in str(caught.value.hint)


def test_a_long_history_needs_no_recursion() -> None:
    nodes = [node("a", 1)] + [node("a", number, f"a.{number - 1:04}_x") for number in range(2, 3000)]
    assert len(Graph(reversed(nodes)).order) == 2999


def test_headers_are_read_without_running_files(workshop: Workshop) -> None:
    workshop.write("blog", "0001_initial", "raise SystemError\n\n\n" + NOTHING, depends_on=["users.0001_initial"])
    workshop.write("users", "0001_initial", "import a_driver_that_is_not_installed\n\n\n" + NOTHING)
    (workshop.folders["blog"] / "_notes.py").write_text("not Python at all")
    graph = workshop.graph()
    assert graph.order == ["users.0001_initial", "blog.0001_initial"]
    assert graph.nodes["blog.0001_initial"].depends_on == ("users.0001_initial",)


def test_alembic_s_own_header_is_read(workshop: Workshop) -> None:
    path = workshop.write("blog", "0001_initial", NOTHING)
    path.write_text(
        '"""first\n\nRevision ID: ae1027a6acf\n"""\n'
        "from typing import Sequence, Union\n\n"
        "revision: str = 'ae1027a6acf'\n"
        "down_revision: Union[str, Sequence[str], None] = None\n"
        "branch_labels: Union[str, Sequence[str], None] = None\n"
        "depends_on: Union[str, Sequence[str], None] = None\n\n\n" + NOTHING
    )
    (found,) = workshop.graph().nodes.values()
    assert (found.revision, found.name, found.before) == ("ae1027a6acf", "0001_initial", ())


@pytest.mark.parametrize(
    ("head", "plain"),
    [
        (
            '"""Add a = b.\n\n    Indented.\n"""\n\nimport sqlalchemy as sa\nfrom alembic import op\n\n'
            'revision = "a = b"\n',
            True,
        ),
        ('""""""\nrevision = "a"\ndown_revision = None\ntransactional = False\nbranch_labels = None\n\n\n', True),
        ('"""Add."""\n\nrevision = "a"\ndepends_on = ("b", "c")\n\n', False),
        ('"""Add."""\n\nrevision = "a" + "b"\n', False),
        ('"""Add a \\"b\\"."""\n\nrevision = "a"\n', False),
        ('"""Add."""\n\nrevision = "a"\n\n"""\nrevision = "b"\n"""\n', False),
        ('"""Add."""\n\nif True:\n    revision = "a"\n', False),
    ],
)
def test_a_header_of_plain_lines_is_read_without_a_parser_and_comes_to_the_same(head: str, plain: bool) -> None:
    assert (glance(head) is not None) == plain
    if plain:
        assert glance(head) == parsed(head, Path("0001_initial.py"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("revision = 'a' +\n", r"0001_initial\.py:1 is not valid Python"),
        ("x = 1\n", r"0001_initial\.py has no `revision`; wanted revision = 'blog\.0001_initial'"),
        ("revision = f'{__name__}'\n", r"0001_initial\.py:1 computes `revision`; wanted a plain value"),
    ],
)
def test_a_file_that_is_no_migration_is_named(workshop: Workshop, text: str, message: str) -> None:
    workshop.write("blog", "0001_initial", "").write_text(text)
    with pytest.raises(HistoryError, match=message):
        workshop.graph()


def test_a_file_that_cannot_be_read_is_named(workshop: Workshop) -> None:
    path = workshop.write("blog", "0001_initial", "")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(HistoryError, match=r"Cannot read .*0001_initial\.py: it is not UTF-8"):
        workshop.graph()
    path.unlink()
    path.mkdir()
    with pytest.raises(HistoryError, match=r"Cannot read .*0001_initial\.py: Is a directory"):
        workshop.graph()
    path.rmdir()
    (path.parent / "__init__.py").write_text("formerly = (\n")
    with pytest.raises(HistoryError, match=r"__init__\.py:1 is not valid Python"):
        workshop.graph()


def test_reading_the_graph_loads_neither_alembic_nor_sqlalchemy(workshop: Workshop) -> None:
    workshop.write("blog", "0001_initial", NOTHING)
    program = (
        "import sys\nfrom pathlib import Path\nfrom framework.migrations.history.loader import load_graph\n"
        f"graph = load_graph({{'blog': Path({str(workshop.folders['blog'])!r})}})\n"
        "assert graph.order == ['blog.0001_initial']\n"
        "print([name for name in ('alembic', 'sqlalchemy', 'sqlmodel') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_first_migration_of_another_app_is_found_whatever_it_is_called() -> None:
    named = [node("a", 1, depends_on=("b.__first__",)), node("b", 7), node("b", 8, "b.0007_x")]
    graph = Graph(named)
    assert graph.nodes["a.0001_x"].depends_on == ("b.0007_x",)
    assert graph.order == ["b.0007_x", "a.0001_x", "b.0008_x"]
    assert Graph(graph.files.values()).order == graph.order


def test_the_first_migration_of_an_app_that_has_none_yet_is_waited_for_by_nobody() -> None:
    assert Graph([node("a", 1, depends_on=("b.__first__",))], ["a", "b"]).nodes["a.0001_x"].depends_on == ()


def test_the_first_migration_of_an_app_that_is_not_installed_is_missed() -> None:
    with pytest.raises(HistoryError, match=r"comes after 'b\.__first__', which does not exist") as caught:
        Graph([node("a", 1, depends_on=("b.__first__",))], ["a"])
    assert caught.value.hint == "Install the app 'b', or remove the dependency from 0001_x.py."


@pytest.mark.parametrize("applied", [(), (("b", "0001_x"), ("b", "0002_x"))])
def test_a_squashed_migration_is_the_first_of_its_app_where_it_counts(applied: tuple[tuple[str, str], ...]) -> None:
    squash = replace(node("b", 3), replaces=("b.0001_x", "b.0002_x"))
    waiting = node("a", 1, depends_on=("b.__first__",))
    graph = Graph([waiting, squash, node("b", 1), node("b", 2, "b.0001_x")], applied=applied)
    assert graph.nodes["a.0001_x"].depends_on == ("b.0003_x",)
    assert Graph([waiting, squash], applied=applied).nodes["a.0001_x"].depends_on == ("b.0003_x",)
