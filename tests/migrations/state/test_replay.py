"""The state that files lead to, without a database."""

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable
from workbench import CONVENTION, Workshop, key, model

from framework.migrations.errors import StateError

THING = 'op.create_table("blog_thing", sa.Column("id", sa.Integer(), primary_key=True), sa.Column("name", sa.Text()))'


def test_statements_change_no_state_and_writing_through_the_connection_is_fine(workshop: Workshop) -> None:
    workshop.write(
        "blog",
        "0001_initial",
        f"""
def upgrade() -> None:
    things = {THING}
    op.bulk_insert(things, [{{"id": 1}}])
    op.execute("CREATE TABLE hidden (id INTEGER)")
    op.get_bind().execute(sa.text("UPDATE blog_thing SET name = 'x'"))
""",
    )
    assert list(workshop.state().tables) == ["blog_thing"]


@pytest.mark.parametrize(
    "reading",
    [
        "op.get_bind().execute(sa.text('SELECT 1')).fetchall()",
        "list(op.get_bind().execute(sa.text('SELECT 1')))",
        "op.get_bind().begin()",
        "sa.inspect(op.get_bind())",
        "sa.orm.Session(op.get_bind()).execute(sa.text('SELECT 1'))",
    ],
)
def test_reading_during_replay_is_an_error_with_file_and_line(workshop: Workshop, reading: str) -> None:
    path = workshop.write("blog", "0001_initial", f"def upgrade() -> None:\n    {THING}\n    {reading}\n")
    path.write_text(
        path.read_text().replace("import sqlalchemy as sa", "import sqlalchemy as sa\nimport sqlalchemy.orm")
    )
    line = path.read_text().splitlines().index(f"    {reading}") + 1
    with pytest.raises(StateError) as caught:
        workshop.state()
    assert caught.value.message.startswith(f"{path}:{line}: This migration reads from the database")
    assert "data()" in str(caught.value.hint)
    assert caught.value.code == "migrations.reads"


def test_an_operation_on_a_column_that_is_not_there_names_file_line_and_columns(workshop: Workshop) -> None:
    path = workshop.write(
        "blog", "0001_initial", f"def upgrade() -> None:\n    {THING}\n    op.drop_column('blog_thing', 'nmae')\n"
    )
    with pytest.raises(StateError) as caught:
        workshop.state()
    assert caught.value.message == (
        f"{path}:10: Table 'blog_thing' has no column 'nmae' at this point of the history; it has id, name."
    )


def test_renames_reach_keys_checks_and_indexes(workshop: Workshop) -> None:
    workshop.make(
        model(
            "blog",
            "Post",
            key,
            lambda: sa.Column("name", sa.Text),
            lambda: sa.CheckConstraint("name <> 'name' AND length(name) > 1", name="name"),
            lambda: sa.Index("ix_lower", sa.text("lower(name)")),
        ),
        model("blog", "Note", key, lambda: sa.Column("post_id", sa.Integer, sa.ForeignKey("blog_post.id"))),
    )
    workshop.write(
        "blog",
        "0002_rename",
        """
def upgrade() -> None:
    op.alter_column("blog_post", "name", new_column_name="title")
    op.alter_column("blog_post", "id", new_column_name="number")
    op.rename_table("blog_post", "blog_article")
""",
        down_revision="blog.0001_initial",
    )
    state = workshop.state()
    article = state.tables["blog_article"]
    assert list(article.columns) == ["number", "title"]
    assert [getattr(item, "condition", "") for item in article.constraints][-1] == (
        "title <> 'name' AND length(title) > 1"
    )
    assert article.indexes[0].expressions[0].text == "sa.text('lower(title)')"
    (foreign_key,) = state.tables["blog_note"].foreign_keys
    assert (foreign_key.target, foreign_key.target_columns) == ("blog_article", ("number",))


def test_a_name_too_long_for_postgresql_is_cut_the_way_sqlalchemy_does(workshop: Workshop) -> None:
    long = "a" * 60
    post = model("blog", "Post", key, lambda: sa.Column(long, sa.Text, unique=True))
    workshop.make(post)
    (unique,) = (item for item in workshop.state().tables["blog_post"].constraints if item.kind == "unique")
    created = str(CreateTable(post(sa.MetaData(naming_convention=CONVENTION))).compile(dialect=postgresql.dialect()))
    assert len(unique.name or "") <= 63
    assert f"CONSTRAINT {unique.name} UNIQUE" in created


def test_a_name_is_cut_by_its_bytes(workshop: Workshop) -> None:
    workshop.make(model("blog", "Post", key, lambda: sa.Column("é" * 40, sa.Text, index=True)))
    (index,) = workshop.state().tables["blog_post"].indexes
    assert 50 < len((index.name or "").encode()) <= 63


def test_the_state_gives_back_the_tables_it_was_made_of(workshop: Workshop) -> None:
    workshop.make(
        model("users", "User", key),
        model("blog", "Post", key, lambda: sa.Column("user_id", sa.ForeignKey("users_user.id", ondelete="CASCADE"))),
    )
    metadata = workshop.state().metadata()
    post = metadata.tables["blog_post"]
    assert post.info == {"app": "blog", "model": "Post"}
    (foreign_key,) = post.foreign_keys
    assert foreign_key.column is metadata.tables["users_user"].c.id
