"""The SQL of a migration, for both databases and without one."""

import pytest
import sqlalchemy as sa
from workbench import Workshop, column, key, model

from framework.errors import CommandError
from framework.migrations.schema_editor.sql import Backend, statements

POST = model("blog", "Post", key, column("title", sa.String(20), index=True), column("n", sa.Integer))


def sql(workshop: Workshop, revision: str, backend: Backend, *, backwards: bool = False) -> str:
    graph = workshop.graph().apart()
    return "\n".join(statements(graph, graph.nodes[revision], backend, backwards=backwards))


def test_a_table_is_written_as_django_writes_it(workshop: Workshop) -> None:
    workshop.make(POST)
    assert sql(workshop, "blog.0001_initial", "postgresql") == (
        "BEGIN;\n--\n-- Create model Post\n--\n"
        "CREATE TABLE blog_post (\n    id SERIAL NOT NULL, \n    title VARCHAR(20), \n    n INTEGER, \n"
        "    CONSTRAINT pk_blog_post PRIMARY KEY (id)\n);\n"
        "--\n-- Create index ix_blog_post_title on field(s) title of model post\n--\n"
        "CREATE INDEX ix_blog_post_title ON blog_post (title);\nCOMMIT;"
    )
    text = sql(workshop, "blog.0001_initial", "sqlite")
    assert text.startswith("BEGIN;\n--\n-- Create model Post\n--\nCREATE TABLE blog_post (")
    assert text.endswith("CREATE INDEX ix_blog_post_title ON blog_post (title);\nCOMMIT;")
    back = sql(workshop, "blog.0001_initial", "postgresql", backwards=True)
    assert back == "BEGIN;\n--\n-- Delete model Post\n--\nDROP TABLE blog_post;\nCOMMIT;"


def test_sqlite_s_rebuild_is_shown_whole(workshop: Workshop) -> None:
    workshop.make(POST)
    change = (
        'def upgrade() -> None:\n    with op.batch_alter_table("blog_post") as batch_op:\n'
        '        batch_op.alter_column("n", type_=sa.String(9), existing_type=sa.Integer())\n'
        "    op.execute(\"UPDATE nowhere SET n = 'x'\")\n"
    )
    workshop.write("blog", "0002_n", change, down_revision="blog.0001_initial")
    text = sql(workshop, "blog.0002_n", "sqlite")
    lines = text.splitlines()
    assert lines[:4] == ["BEGIN;", "--", "-- Alter field n on post", "--"]
    for part in (
        "CREATE TABLE _alembic_tmp_blog_post (",
        "INSERT INTO _alembic_tmp_blog_post",
        "DROP TABLE blog_post;",
        "ALTER TABLE _alembic_tmp_blog_post RENAME TO blog_post;",
        "--\n-- Raw SQL operation\n--\nUPDATE nowhere SET n = 'x';",
    ):
        assert part in text, text
    assert "ALTER TABLE blog_post ALTER COLUMN n TYPE VARCHAR(9)" in sql(workshop, "blog.0002_n", "postgresql")


def test_what_runs_in_no_transaction_or_on_rows_says_so(workshop: Workshop) -> None:
    workshop.make(POST)
    index = (
        'def upgrade() -> None:\n    op.create_index("ix", "blog_post", ["n"], postgresql_concurrently=True)\n\n\n'
        "def data(migration) -> None:\n    raise SystemError\n"
    )
    workshop.write("blog", "0002_n", index, down_revision="blog.0001_initial", transactional=False)
    assert sql(workshop, "blog.0002_n", "postgresql") == (
        "--\n-- Create index ix on field(s) n of model post\n--\nCREATE INDEX CONCURRENTLY ix ON blog_post (n);\n"
        "--\n-- MIGRATION NOW PERFORMS OPERATION THAT CANNOT BE WRITTEN AS SQL:\n-- data()\n--"
    )


def test_a_migration_without_operations_has_no_sql(workshop: Workshop) -> None:
    workshop.write("blog", "0001_initial", "def upgrade() -> None:\n    pass\n")
    assert sql(workshop, "blog.0001_initial", "sqlite") == ""


def test_what_reads_the_database_is_an_error_that_says_so(workshop: Workshop) -> None:
    workshop.write("blog", "0001_initial", "def upgrade() -> None:\n    op.get_bind().scalar(sa.text('SELECT 1'))\n")
    with pytest.raises(CommandError, match=r"blog\.0001_initial cannot be written as SQL") as caught:
        sql(workshop, "blog.0001_initial", "postgresql")
    assert caught.value.code == "migrations.no-sql"


@pytest.mark.parametrize("backend", ["postgresql", "sqlite"])
def test_values_are_written_out(workshop: Workshop, backend: Backend) -> None:
    workshop.make(POST)
    change = (
        'POST = sa.table("blog_post", sa.column("title", sa.String()), sa.column("n", sa.Integer()))\n\n\n'
        "def upgrade() -> None:\n"
        '    op.execute(POST.update().where(POST.c.n > 40).values(title="it\'s 5%"))\n'
        "    op.bulk_insert(POST, [{'title': 'new', 'n': 41}])\n"
        "    op.execute(\"DELETE FROM blog_post WHERE title LIKE 'x%'\")\n"
    )
    workshop.write("blog", "0002_n", change, down_revision="blog.0001_initial")
    text = sql(workshop, "blog.0002_n", backend)
    assert "SET title='it''s 5%' WHERE blog_post.n > 40;" in text.replace("\n", " "), text
    assert "VALUES ('new', 41)" in text, text
    assert "LIKE 'x%';" in text, text


def test_several_new_columns_rebuild_sqlite_s_table_once(workshop: Workshop) -> None:
    title = column("title", sa.String(200), nullable=False)
    workshop.make(model("blog", "Post", key, title))
    more = [column(name, sa.Integer, nullable=False, default=0) for name in ("likes", "views", "shares")]
    workshop.make(model("blog", "Post", key, title, *more))
    graph = workshop.graph()
    (_, migration) = graph.of("blog")
    # The rows that are there get a default first, which then goes: two blocks, of which one makes a new table.
    assert migration.path.read_text().count("batch_alter_table") == 3
    lines = "\n".join(statements(graph, migration, "sqlite"))
    assert lines.count("ADD COLUMN") == 3
    assert lines.count("CREATE TABLE") == 1
