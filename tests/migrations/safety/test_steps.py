"""What `makemigrations --safe` writes: steps that pass the gate, and that lead where the models say."""

from collections.abc import Iterable

import pytest
import sqlalchemy as sa
from workbench import Base, Model, Workshop, column, key, model, tables

from framework.migrations.autodetector.detector import detect
from framework.migrations.errors import MigrationFailed
from framework.migrations.safety.gate import pass_one
from framework.migrations.safety.steps import in_safe_steps
from framework.migrations.state.replay import replay
from framework.migrations.writer.files import write

TAG = model("blog", "Tag", key, column("name", sa.String(50)))
FIRST = model(
    "blog",
    "Post",
    key,
    column("title", sa.String(50)),
    column("old", sa.Integer, index=True),
    column("tag_id", sa.Integer),
)


def make_safely(workshop: Workshop, *models: Model) -> list[str]:
    """Write safe steps to `models`; nothing is left to find afterwards."""
    graph = workshop.graph()
    made = detect(graph, replay(graph), tables(*models), workshop.questioner, take_apart=in_safe_steps)
    for migration in made:
        write(migration, workshop.folders[migration.app])
    assert [change.text for migration in workshop.detect(*models) for change in migration.changes] == []
    return [migration.revision for migration in made]


def unsafe(workshop: Workshop, revisions: Iterable[str]) -> dict[str, list[str]]:
    """Return what the gate says about `revisions`."""
    graph = workshop.graph()
    new = set(revisions)
    state = replay(graph, set(graph.order) - new)
    found: dict[str, list[str]] = {}
    for revision in graph.order:
        if revision in new:
            messages = pass_one(graph.nodes[revision], state, "postgresql", set())
            if messages:
                found[revision] = [message.code.removeprefix("migrations.safety.") for message in messages]
    return found


def state_of(workshop: Workshop) -> dict[str, object]:
    return dict(workshop.state().tables)


def positive() -> sa.CheckConstraint:
    return sa.CheckConstraint("tag_id > 0", name="positive")


POST = model(
    "blog",
    "Post",
    key,
    column("title", sa.String(50), nullable=False),
    column("slug", sa.String(50), unique=True),
    column("tag_id", sa.Integer, to="blog_tag.id", index=True),
    positive,
)
COLORED = model("blog", "Tag", key, column("name", sa.String(50)), column("color", sa.String(9)))


def test_an_index_is_built_and_dropped_while_the_table_is_in_use(workshop: Workshop) -> None:
    workshop.make(TAG)
    (built,) = make_safely(workshop, model("blog", "Tag", key, column("name", sa.String(50), index=True)))
    (dropped,) = make_safely(workshop, TAG)
    assert unsafe(workshop, [built, dropped]) == {}
    for revision in (built, dropped):
        assert "\ntransactional = False\n" in workshop.text(revision)
        assert workshop.text(revision).count("postgresql_concurrently=True") == 2


def test_each_table_in_use_has_a_migration_and_each_slow_step_too(workshop: Workshop) -> None:
    workshop.make(TAG, FIRST)
    made = make_safely(workshop, POST, COLORED, model("blog", "New", key, column("name", sa.Text)))
    assert [revision.partition("_")[2] for revision in made] == [
        "new_post_slug_alter_post_title_and_more",
        "tag_color",
        "post_uq_blog_post_slug_index",
        "post_uq_blog_post_slug",
        "validate_ck_blog_post_title_not_null",
        "post_title_not_null",
        "remove_post_ix_blog_post_old",
        "validate_fk_blog_post_tag_id",
        "validate_ck_blog_post_positive",
        "post_ix_blog_post_tag_id",
        "remove_post_old",
    ]
    # That no release reads the column any more, only a person can say.
    assert unsafe(workshop, made) == {made[-1]: ["drop-column"]}


async def test_safe_steps_apply_to_tables_with_rows_and_back(base: Base) -> None:
    workshop = base.workshop
    workshop.make(TAG, FIRST)
    await base.migrate()
    await base.execute(
        "INSERT INTO blog_tag (id, name) VALUES (1, 'red')",
        "INSERT INTO blog_post (id, title, tag_id) VALUES (1, 'one', 1), (2, 'two', NULL)",
    )
    made = make_safely(workshop, POST, COLORED)
    assert await base.migrate() == made
    assert await base.rows("SELECT id, title, slug, tag_id FROM blog_post ORDER BY id") == [
        (1, "one", None, 1),
        (2, "two", None, None),
    ]
    assert await indexes(base) == {"ix_blog_post_tag_id"}
    uniques = await base.inspect(lambda inspector: inspector.get_unique_constraints("blog_post"))
    assert [item["name"] for item in uniques] == ["uq_blog_post_slug"]
    for refused in (
        "(3, NULL, NULL, 1)",
        "(3, 'x', NULL, 7)",
        "(3, 'x', NULL, -1)",
        "(3, 'x', 'a', 1), (4, 'x', 'a', 1)",
    ):
        with pytest.raises(sa.exc.IntegrityError):
            await base.execute(*foreign_keys(base), f"INSERT INTO blog_post (id, title, slug, tag_id) VALUES {refused}")
    if base.engine.dialect.name == "postgresql":
        assert await base.rows("SELECT conname FROM pg_constraint WHERE NOT convalidated") == []
        assert await base.rows("SELECT indexrelid FROM pg_index WHERE NOT indisvalid") == []

    await base.take_back(list(reversed(made)))
    assert await indexes(base) == {"ix_blog_post_old"}
    assert await base.rows("SELECT id, title, old, tag_id FROM blog_post ORDER BY id") == [
        (1, "one", None, 1),
        (2, "two", None, None),
    ]


async def indexes(base: Base) -> set[str | None]:
    found = await base.inspect(lambda inspector: inspector.get_indexes("blog_post"))
    return {item["name"] for item in found if not item["unique"]}


def foreign_keys(base: Base) -> list[str]:
    """Return what makes SQLite watch foreign keys, outside a transaction."""
    return ["COMMIT", "PRAGMA foreign_keys=ON", "BEGIN"] if base.engine.dialect.name == "sqlite" else []


async def test_a_new_column_keeps_its_default_until_the_old_release_is_gone(base: Base) -> None:
    workshop = base.workshop
    workshop.make(TAG)
    await base.migrate()
    await base.execute("INSERT INTO blog_tag (id, name) VALUES (1, 'red')")
    expand, contract = make_safely(
        workshop,
        model("blog", "Tag", key, column("name", sa.String(50)), column("size", sa.Integer, default=7, nullable=False)),
    )
    assert unsafe(workshop, [expand, contract]) == {contract: ["drop-default"]}
    await base.migrate(expand)
    await base.execute("INSERT INTO blog_tag (id, name) VALUES (2, 'blue')")  # as the old release does
    assert await base.rows("SELECT size FROM blog_tag ORDER BY id") == [(7,), (7,)]
    await base.migrate()
    with pytest.raises(sa.exc.IntegrityError):
        await base.execute("INSERT INTO blog_tag (id, name) VALUES (3, 'grey')")
    await base.take_back([contract])
    await base.execute("INSERT INTO blog_tag (id, name) VALUES (3, 'grey')")


async def test_null_is_filled_in_batches_and_refused_then(base: Base) -> None:
    workshop = base.workshop
    workshop.make(COLORED)
    await base.migrate()
    await base.execute("INSERT INTO blog_tag (id, name) VALUES (1, 'red'), (2, NULL)")
    name = column("name", sa.String(50), default="none", nullable=False)
    made = make_safely(
        workshop, model("blog", "Tag", key, name, column("color", sa.String(9), default="x", nullable=False))
    )
    assert [revision.partition("_")[2] for revision in made] == [
        "fill_tag_name",
        "tag_ck_blog_tag_name_not_null",
        "validate_ck_blog_tag_name_not_null",
        "tag_name_not_null",
        "fill_tag_color",
        "tag_ck_blog_tag_color_not_null",
        "validate_ck_blog_tag_color_not_null",
        "tag_color_not_null",
    ]
    assert unsafe(workshop, made) == {}
    await base.migrate(made[1])
    if base.engine.dialect.name == "postgresql":
        with pytest.raises(sa.exc.IntegrityError):
            await base.execute("INSERT INTO blog_tag (id, name, color) VALUES (3, NULL, 'red')")
    # A row is changed for one column while the other is still NULL.
    await base.migrate()
    assert await base.rows("SELECT name, color FROM blog_tag ORDER BY id") == [("red", "x"), ("none", "x")]
    await base.take_back(list(reversed(made)))
    await base.execute("INSERT INTO blog_tag (id, name) VALUES (3, NULL)")


def test_another_app_waits_for_the_steps_it_needs_only(workshop: Workshop) -> None:
    workshop.make(TAG, FIRST)
    user = model("users", "User", key, column("tag_id", sa.Integer, to="blog_tag.id"))
    made = make_safely(workshop, user, POST, COLORED)
    assert "users.0001_initial" in made
    assert workshop.graph().nodes["users.0001_initial"].depends_on == ("blog.0001_initial",)


async def test_a_default_of_its_own_for_each_row_is_filled_in_batches(postgres: Base) -> None:
    workshop = postgres.workshop
    workshop.make(TAG)
    await postgres.migrate()
    await postgres.execute("INSERT INTO blog_tag (id, name) VALUES (1, 'red'), (2, 'blue')")
    made = make_safely(
        workshop,
        model(
            "blog",
            "Tag",
            key,
            column("name", sa.String(50)),
            column("token", sa.Uuid, server_default=sa.func.gen_random_uuid(), nullable=False),
        ),
    )
    assert unsafe(workshop, made) == {}
    assert [revision.partition("_")[2] for revision in made] == [
        "tag_token",
        "fill_tag_token",
        "tag_ck_blog_tag_token_not_null",
        "validate_ck_blog_tag_token_not_null",
        "tag_token_not_null",
    ]
    await postgres.migrate()
    await postgres.execute("INSERT INTO blog_tag (id, name) VALUES (3, 'grey')")
    assert await postgres.rows("SELECT count(DISTINCT token) FROM blog_tag") == [(3,)]
    await postgres.take_back(list(reversed(made)))


async def test_a_table_is_made_anew_while_its_rows_do_not_meet_a_check_yet(base: Base) -> None:
    workshop = base.workshop
    workshop.make(TAG)
    await base.migrate()
    await base.execute("INSERT INTO blog_tag (id, name) VALUES (1, NULL)")
    made = make_safely(workshop, model("blog", "Tag", key, column("name", sa.String(50), nullable=False)))
    await base.migrate(made[0])
    step = 'op.alter_column("blog_tag", "name", type_=sa.Text())'
    workshop.write("users", "0001_x", f"def upgrade():\n    {step}\n", depends_on=made[0])
    await base.migrate("users.0001_x")
    with pytest.raises(MigrationFailed):
        await base.migrate(made[1])
    await base.execute("UPDATE blog_tag SET name = 'red'")
    await base.migrate()
    with pytest.raises(sa.exc.IntegrityError):
        await base.execute("INSERT INTO blog_tag (id, name) VALUES (2, NULL)")
