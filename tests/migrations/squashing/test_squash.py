"""Squashed migrations: how they are written, and what counts for which database."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from workbench import Base, Model, Workshop, column, key, model

from framework.errors import CommandError
from framework.migrations.errors import HistoryError
from framework.migrations.history.graph import Graph, Migration
from framework.migrations.recorder.reader import Rows
from framework.migrations.squashing.optimizer import normal
from framework.migrations.squashing.rewriter import shorten, update
from framework.migrations.squashing.squash import members_of, squash
from framework.migrations.writer.files import write

USER = model("users", "User", key)
AUTHOR = column("author_id", sa.Integer, to="users_user.id")
TITLE = column("title", sa.String(30), unique=True)


def node(name: str, *parents: str, replaces: tuple[str, ...] = (), app: str = "blog") -> Migration:
    return Migration(app, name, f"{app}.{name}", Path(f"{name}.py"), parents, replaces=replaces)


FILES = [
    node("0001_a"),
    node("0002_b", "blog.0001_a"),
    node("0001_squashed", replaces=("blog.0001_a", "blog.0002_b")),
    node("0003_c", "blog.0002_b"),
]


def on(files: list[Migration], *names: str) -> tuple[list[str], set[str]]:
    rows = Rows(frozenset(("blog", name) for name in names))
    graph = Graph(files, applied=rows.names)
    return [graph.nodes[item].name for item in graph.order], {item[5:] for item in rows.applied(graph)}


def test_a_squash_counts_as_applied_when_all_it_replaces_is() -> None:
    assert on(FILES) == (["0001_squashed", "0003_c"], set())
    assert on(FILES, "0001_a") == (["0001_a", "0002_b", "0003_c"], {"0001_a"})
    assert on(FILES, "0001_a", "0002_b") == (["0001_squashed", "0003_c"], {"0001_squashed"})
    # Its own row alone says nothing, as in Django: code from before may have taken back what it stands for.
    assert on(FILES, "0001_a", "0001_squashed") == (["0001_a", "0002_b", "0003_c"], {"0001_a"})


def test_what_came_after_a_squash_comes_after_what_it_was_made_of_where_it_does_not_fit() -> None:
    later = [*FILES[:3], node("0003_c", "blog.0001_squashed")]
    assert on(later, "0001_a")[0] == ["0001_a", "0002_b", "0003_c"]


def test_without_the_old_files_a_squash_stands_alone_and_half_a_database_is_told() -> None:
    alone = [FILES[2], node("0003_c", "blog.0001_squashed")]
    assert on(alone) == (["0001_squashed", "0003_c"], set())
    assert on(alone, "0001_a", "0002_b")[1] == {"0001_squashed"}
    with pytest.raises(HistoryError, match=r"the database has only some: blog\.0002_b missing.*gone"):
        on(alone, "0001_a")


def test_a_squash_of_squashes_counts_by_what_they_were_made_of() -> None:
    outer = [*FILES, node("0001_all", replaces=("blog.0001_squashed", "blog.0003_c"))]
    assert on(outer)[0] == ["0001_all"]
    assert on(outer, "0001_a", "0002_b", "0003_c") == (["0001_all"], {"0001_all"})
    assert on(outer, "0001_a", "0002_b") == (["0001_squashed", "0003_c"], {"0001_squashed"})


def test_two_that_replace_each_other_are_an_error() -> None:
    with pytest.raises(HistoryError, match="replace each other"):
        Graph([node("0001_a", replaces=("blog.0001_b",)), node("0001_b", replaces=("blog.0001_a",))])


def history(workshop: Workshop) -> None:
    workshop.make(USER, model("blog", "Post", key, column("old", sa.Integer)))
    workshop.make(USER, model("blog", "Post", key, AUTHOR))
    workshop.make(USER, model("blog", "Post", key, AUTHOR, TITLE), model("blog", "Tag", key))
    workshop.make(USER, model("blog", "Post", key, AUTHOR, TITLE, column("n", sa.Integer, index=True)))


def squashed(workshop: Workshop) -> str:
    graph = workshop.graph()
    members = members_of(graph, graph.leaves("blog")[0], None)
    made = squash(graph, members, "0001_squashed")
    assert made.optimized < made.operations
    write(made.migration, workshop.folders["blog"])
    return "blog.0001_squashed"


def test_a_squash_leads_to_the_same_tables_in_fewer_operations(workshop: Workshop) -> None:
    history(workshop)
    wanted = normal(workshop.state())
    name = squashed(workshop)
    graph = workshop.graph()
    assert [item for item in graph.order if item.startswith("blog")] == [name]
    assert normal(workshop.state()) == wanted
    text = workshop.text(name)
    assert text.count("op.create_table(") == 1  # the tag came and went
    assert "add_column" not in text
    assert "old" not in text.partition("def upgrade")[2].partition("def downgrade")[0]
    assert graph.nodes[name].depends_on == ("users.0001_initial",)
    assert 'depends_on = ("users.__first__",)' in text


async def test_an_enum_that_grew_is_made_as_it_is_in_the_end(base: Base, workshop: Workshop) -> None:
    def mood(*members: str) -> Model:
        return model("blog", "Post", key, column("mood", sa.Enum(*members, name="mood"), server_default="ok"))

    workshop.make(mood("ok", "sad"))
    workshop.make(mood("ok", "sad", "glad"))
    name = squashed(workshop)
    text = workshop.text(name).partition("def downgrade")[0]
    assert 'sa.Enum("ok", "sad", "glad", name="mood")' in text
    assert "alter_enum" not in text
    assert await base.migrate() == [name]
    await base.execute("INSERT INTO blog_post (mood) VALUES ('glad')", "DELETE FROM blog_post")
    await base.take_back([name])
    assert await base.table_names() == set()


async def test_databases_on_either_side_of_a_squash_go_on(base: Base, workshop: Workshop) -> None:
    history(workshop)
    steps = [item for item in workshop.graph().order if item.startswith("blog")]
    await base.migrate(*steps[:1])
    name = squashed(workshop)
    # This one has a part: it takes the rest by the old files, and then the squash counts.
    assert [item for item in await base.migrate() if item != "users.0001_initial"] == steps[1:]
    assert await base.executor().applied() == {name, "users.0001_initial"}
    await base.executor().settle()
    assert ("blog", "0001_squashed") in (await base.executor().rows()).names
    # The old files may go, and so may the line that names them.
    for item in steps:
        (workshop.folders["blog"] / f"{item[5:]}.py").unlink()
    await base.take_back([name])
    assert {app for app, _ in (await base.executor().rows()).names} == {"users"}
    assert await base.migrate() == [name]
    names = {item for app, item in (await base.executor().rows()).names if app == "blog"}
    assert names == {"0001_squashed", *(item[5:] for item in steps)}
    assert await base.table_names() == {"users_user", "blog_post"}


def test_functions_on_rows_have_to_be_copied_by_hand(workshop: Workshop) -> None:
    history(workshop)
    leaf = workshop.graph().leaves("blog")[0]
    body = "def upgrade() -> None:\n    op.execute('SELECT 1')\n\n\ndef data(migration) -> None:\n    pass\n"
    workshop.write("blog", "0005_fill", body, down_revision=leaf.revision)
    graph = workshop.graph()
    made = squash(graph, members_of(graph, graph.leaves("blog")[0], None), "0001_squashed")
    assert made.by_hand == ["data() of blog.0005_fill"]
    path = write(made.migration, workshop.folders["blog"])
    assert "Copy data() of blog.0005_fill into this file by hand." in path.read_text()
    assert 'op.execute("SELECT 1")' in path.read_text()


def test_what_stands_between_cannot_be_squashed_over(workshop: Workshop) -> None:
    workshop.make(USER, model("blog", "Post", key))
    nothing = "def upgrade() -> None:\n    pass\n"
    first = workshop.graph().leaves("blog")[0].revision
    user = workshop.graph().leaves("users")[0].revision
    workshop.write("users", "0002_x", nothing, down_revision=user, depends_on=[first])
    workshop.write("blog", "0002_x", nothing, down_revision=first, depends_on=["users.0002_x"])
    graph = workshop.graph()
    with pytest.raises(CommandError, match=r"users\.0002_x stands between the migrations to squash"):
        squash(graph, members_of(graph, graph.leaves("blog")[0], None), "0001_squashed")


def test_a_migration_is_shortened_and_the_rest_of_its_file_stays(workshop: Workshop) -> None:
    body = (
        "# kept\n\n\ndef upgrade() -> None:\n"
        '    op.create_table("blog_post", sa.Column("id", sa.Integer(), primary_key=True))\n'
        '    op.add_column("blog_post", sa.Column("n", sa.Integer()))\n'
        '    op.create_index("ix", "blog_post", ["n"])\n    op.drop_index("ix", "blog_post")\n\n\n'
        'def downgrade() -> None:\n    op.drop_column("blog_post", "n")\n    op.drop_table("blog_post")\n\n\n'
        "def data(migration) -> None:\n    pass  # kept too\n"
    )
    path = workshop.write("blog", "0001_initial", body)
    wanted, graph = normal(workshop.state()), workshop.graph()
    found = shorten(graph, graph.nodes["blog.0001_initial"])
    assert (found.operations, found.optimized) == (4, 1)
    path.write_text(found.text)
    assert normal(workshop.state()) == wanted
    assert "# kept\n" in found.text
    assert "pass  # kept too\n" in found.text
    assert 'def downgrade() -> None:\n    op.drop_table("blog_post")\n' in found.text
    graph = workshop.graph()
    again = shorten(graph, graph.nodes["blog.0001_initial"])
    assert (again.operations, again.optimized) == (1, 1)


def test_a_squashed_migration_is_shortened_beside_those_it_was_made_of(workshop: Workshop) -> None:
    workshop.make(USER, model("blog", "Post", key))
    workshop.make(USER, model("blog", "Post", key, TITLE))
    graph = workshop.graph()
    members = members_of(graph, graph.leaves("blog")[0], None)
    write(squash(graph, members, "0001_squashed", optimized=False).migration, workshop.folders["blog"])
    graph = workshop.graph().apart()
    found = shorten(graph, graph.nodes["blog.0001_squashed"])
    assert (found.operations, found.optimized) == (3, 1)


def test_the_last_migration_takes_in_what_has_changed_since(workshop: Workshop) -> None:
    workshop.make(USER, model("blog", "Post", key))
    workshop.make(USER, model("blog", "Post", key, TITLE))
    post = model("blog", "Post", key, TITLE, AUTHOR)
    graph, new = workshop.graph(), workshop.detect(USER, post)
    found = update(graph, set(), new, None)
    assert found.name == "0002_post_title_post_author_id"
    old = graph.leaves("blog")[0]
    old.path.unlink()
    (workshop.folders["blog"] / f"{found.name}.py").write_text(found.text)
    assert workshop.detect(USER, post) == []
    assert 'depends_on = ("users.__first__",)' in found.text
    assert workshop.graph().leaves("blog")[0].depends_on == ("users.0001_initial",)
    for applied, name, message in (
        ({f"blog.{found.name}"}, None, f"Cannot update applied migration 'blog.{found.name}'."),
        (set[str](), "x", ""),
    ):
        new = workshop.detect(USER, model("blog", "Post", key, TITLE))
        if message:
            with pytest.raises(CommandError, match="Cannot update applied migration"):
                update(workshop.graph(), applied, new, name)
        else:
            assert update(workshop.graph(), applied, new, name).name == "0002_x"
