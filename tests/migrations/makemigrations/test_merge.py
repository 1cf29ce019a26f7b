"""Two ends of one history, made on two branches."""

import pytest
import sqlalchemy as sa
from workbench import Base, Workshop, column, key, model

from framework.errors import CommandError
from framework.migrations.makemigrations.merge import branches, merge
from framework.migrations.writer.files import write

ADD = 'def upgrade() -> None:\n    op.add_column("blog_post", sa.Column("{0}", sa.Integer()))\n'


def two_ends(workshop: Workshop, second: str) -> None:
    workshop.make(model("blog", "Post", key))
    workshop.write("blog", "0002_a", ADD.format("a"), down_revision="blog.0001_initial")
    workshop.write("blog", "0002_b", ADD.format(second), down_revision="blog.0001_initial")


def test_a_merge_follows_both_ends_and_nothing_is_left_to_find(workshop: Workshop) -> None:
    two_ends(workshop, "b")
    graph = workshop.graph()
    ends = graph.conflicts()["blog"]
    assert [(item.end.name, item.lines) for item in branches(graph, ends)] == [
        ("0002_a", ["+ Add field a to post"]),
        ("0002_b", ["+ Add field b to post"]),
    ]
    with pytest.raises(CommandError) as caught:
        graph.require_single_ends()
    assert caught.value.hint == "Two of 'blog' have one number: they were made on two branches."
    write(merge(graph, ends, None), workshop.folders["blog"])
    text = workshop.text("blog.0003_merge_0002_a_0002_b")
    assert text.startswith('"""Merge 0002_a and 0002_b."""')
    assert 'down_revision = ("blog.0002_a", "blog.0002_b")' in text
    both = (column("a", sa.Integer), column("b", sa.Integer))
    assert workshop.make(model("blog", "Post", key, *both)) == []
    assert workshop.make(model("blog", "Post", key, *both, column("c", sa.Integer))) == ["blog.0004_post_c"]


def test_branches_that_do_the_same_cannot_be_merged(workshop: Workshop) -> None:
    two_ends(workshop, "a")
    graph = workshop.graph()
    with pytest.raises(CommandError, match="contradict each other") as caught:
        merge(graph, graph.conflicts()["blog"], None)
    assert caught.value.code == "migrations.merge"


def test_long_names_are_left_out_of_the_name(workshop: Workshop) -> None:
    workshop.make(model("blog", "Post", key))
    for number in ("a", "b"):
        workshop.write("blog", f"0002_{number * 40}", ADD.format(number), down_revision="blog.0001_initial")
    graph = workshop.graph()
    made = merge(graph, graph.conflicts()["blog"], None)
    assert len(made.name) < 40
    assert merge(graph, graph.conflicts()["blog"], "together").name == "0003_together"


async def test_a_database_with_one_branch_gets_the_other_and_the_merge(base: Base, workshop: Workshop) -> None:
    two_ends(workshop, "b")
    await base.migrate("blog.0002_b")
    graph = workshop.graph()
    # An id of any length: Alembic's own table would cut it at 32 on PostgreSQL.
    name = "together_" + "x" * 120
    write(merge(graph, graph.conflicts()["blog"], name), workshop.folders["blog"])
    assert await base.migrate() == ["blog.0002_a", f"blog.0003_{name}"]
    assert await base.migrate() == []
    assert await base.rows("SELECT a, b FROM blog_post") == []
