"""What the autodetector finds, in what order, and in which migrations."""

import decimal
import enum
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.dialects import postgresql
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime
from workbench import Base, Model, Workshop, column, key, model

from framework.errors import CommandError
from framework.migrations.autodetector.arrangement import rename, trim
from framework.migrations.autodetector.questioner import Questioner
from framework.migrations.questions.answers import Answered, Answers

USER = model("users", "User", key, column("name", sa.String(50), nullable=False))
POST = model("blog", "Post", key, column("author_id", sa.Integer, to="users_user.id"))


def lines(workshop: Workshop, *models: Model) -> list[str]:
    return [f"{change.symbol} {change.text}" for item in workshop.detect(*models) for change in item.changes]


def test_a_foreign_key_to_another_app_makes_a_dependency(workshop: Workshop) -> None:
    assert workshop.make(POST, USER) == ["users.0001_initial", "blog.0001_initial"]
    assert workshop.graph().nodes["blog.0001_initial"].depends_on == ("users.0001_initial",)


def test_a_later_dependency_is_on_the_migration_that_last_changed_the_table(workshop: Workshop) -> None:
    member = model("users", "Member", key, column("post_id", sa.Integer, to="blog_post.id"))
    workshop.make(model("blog", "Post", key))
    workshop.make(model("blog", "Post", key, column("title", sa.String(60))))
    workshop.make(model("blog", "Post", key, column("title", sa.String(60))), member)
    assert workshop.graph().nodes["users.0001_initial"].depends_on == ("blog.0002_post_title",)


def test_users_that_a_project_may_replace_are_depended_on_by_no_name(workshop: Workshop) -> None:
    workshop.make(USER)
    workshop.make(model("users", "User", key, column("name", sa.String(60), nullable=False)))
    made = workshop.make(model("users", "User", key, column("name", sa.String(60), nullable=False)), POST)
    assert 'depends_on = ("users.__first__",)' in workshop.text(made[0])
    # Beside users of another history, whose first migration has another name, the app's own still follows it.
    for path in workshop.folders["users"].glob("0*.py"):
        path.unlink()
    workshop.write("users", "0001_people", "def upgrade() -> None: ...\n")
    workshop.write("users", "0002_more", "def upgrade() -> None: ...\n", down_revision="users.0001_people")
    assert workshop.graph().nodes["blog.0001_initial"].depends_on == ("users.0001_people",)


@pytest.mark.parametrize("later", ["key", "table"])
def test_what_users_got_only_later_is_depended_on_by_name(workshop: Workshop, later: str) -> None:
    group = model("users", "Group", key)
    if later == "key":
        workshop.make(group, model("users", "User", lambda: sa.Column("id", sa.SmallInteger, primary_key=True)))
    else:
        workshop.make(group)
    (last,) = workshop.make(group, model("users", "User", key))
    (made,) = workshop.make(group, model("users", "User", key), POST)
    assert workshop.graph().nodes[made].depends_on == (last,)
    assert f"depends_on = ({last!r},)".replace("'", '"') in workshop.text(made)


def test_two_apps_that_point_at_each_other_are_split_in_two_steps(workshop: Workshop) -> None:
    user = model("users", "User", key, column("post_id", sa.Integer, to="blog_post.id"))
    made = workshop.make(POST, user)
    assert made == ["blog.0001_initial", "users.0001_initial", "blog.0002_post_fk_blog_post_author_id"]
    nodes = workshop.graph().nodes
    assert nodes["users.0001_initial"].depends_on == ("blog.0001_initial",)
    assert nodes[made[2]].before == ("blog.0001_initial", "users.0001_initial")


def test_two_apps_whose_tables_alternate_need_no_constraint_of_its_own(workshop: Workshop) -> None:
    group = model("users", "Group", key)
    member = model("users", "Member", key, column("post_id", sa.Integer, to="blog_post.id"))
    post = model("blog", "Post", key, column("group_id", sa.Integer, to="users_group.id"))
    assert workshop.make(member, post, group) == ["users.0001_initial", "blog.0001_initial", "users.0002_member"]


def test_a_table_that_points_at_itself_is_one_step(workshop: Workshop) -> None:
    tree = model("blog", "Node", key, column("parent_id", sa.Integer, to="blog_node.id"))
    assert lines(workshop, tree) == ["+ Create model Node"]


async def test_tables_in_a_circle_are_made_and_taken_away_on_both_databases(base: Base) -> None:
    user = model("users", "User", key, column("post_id", sa.Integer, to="blog_post.id"))
    base.workshop.make(POST, user)
    await base.migrate()
    assert await base.table_names() == {"users_user", "blog_post"}
    base.workshop.make()
    await base.migrate()
    assert await base.table_names() == set()
    everything = list(reversed(base.workshop.graph().order))
    await base.take_back(everything[:-3])
    assert await base.table_names() == {"users_user", "blog_post"}


def test_a_table_goes_after_the_keys_of_other_apps_that_point_at_it(workshop: Workshop) -> None:
    workshop.make(POST, USER)
    made = workshop.make(model("blog", "Post", key))
    assert made == ["blog.0002_remove_post_author_id", "users.0002_delete_user"]
    assert workshop.graph().nodes[made[1]].depends_on == ("blog.0002_remove_post_author_id",)


def test_django_s_lines_and_names(workshop: Workshop) -> None:
    workshop.make(model("blog", "Post", key, column("title", sa.String(50)), column("old", sa.Integer, index=True)))
    changed = model(
        "blog",
        "Post",
        key,
        column("title", sa.String(90), comment="Shown on top"),
        column("slug", AutoString, default="none", nullable=False, unique=True),
        lambda: sa.CheckConstraint("title <> ''", name="title"),
        lambda: sa.Index(None, "title", "slug"),
    )
    assert lines(workshop, changed) == [
        "+ Add field slug to post",
        "~ Alter field title on post",
        "- Remove field old from post",
        "+ Create constraint ck_blog_post_title on model post",
        "+ Create index ix_blog_post_title_slug on field(s) title, slug of model post",
    ]
    (made,) = workshop.make(changed)
    assert made == "blog.0002_post_slug_alter_post_title_remove_post_old_and_more"


def test_trimming_keeps_what_the_named_apps_need(workshop: Workshop) -> None:
    found = workshop.detect(POST, USER)
    assert [item.revision for item in trim(found, ["users"])] == ["users.0001_initial"]
    assert [item.revision for item in trim(found, ["blog"])] == ["users.0001_initial", "blog.0001_initial"]
    rename(found, found[0], "0001_people")
    assert [item.revision for item in trim(found, ["blog"])] == ["users.0001_people", "blog.0001_initial"]


def test_a_new_column_that_may_not_be_null_and_has_no_value_is_refused(workshop: Workshop) -> None:
    workshop.make(USER)
    with pytest.raises(CommandError) as caught:
        workshop.detect(
            model(
                "users",
                "User",
                key,
                column("name", sa.String(50), nullable=False),
                column("age", sa.Integer, nullable=False),
            )
        )
    assert caught.value.message == (
        "Field 'age' on model 'user' not migrated: it is impossible to add a non-nullable field without "
        "specifying a default."
    )
    assert (caught.value.exit_code, caught.value.code) == (3, "migrations.not-null")


class Colour(enum.Enum):
    red = "r"
    blue = "b"


@pytest.mark.parametrize(
    ("type_", "value", "stored"),
    [
        (sa.String(20), "it's", "it's"),
        (sa.Integer, 7, 7),
        (sa.Boolean, True, True),
        (sa.Numeric(6, 2), decimal.Decimal("1.50"), 1.5),
        (sa.Enum(Colour, native_enum=False), Colour.blue, "blue"),
    ],
)
async def test_rows_that_exist_get_the_model_s_default(
    base: Base, type_: object, value: object, stored: object
) -> None:
    base.workshop.make(USER)
    await base.migrate()
    await base.execute("INSERT INTO users_user (id, name) VALUES (1, 'Ada')")
    extra = column("extra", type_, default=value, nullable=False)
    base.workshop.make(model("users", "User", key, column("name", sa.String(50), nullable=False), extra))
    await base.migrate()
    ((found,),) = await base.rows("SELECT extra FROM users_user")
    assert found == stored
    (made,) = (
        item for item in await base.inspect(lambda look: look.get_columns("users_user")) if item["name"] == "extra"
    )
    assert (made["nullable"], made["default"]) == (False, None)


EVERYTHING = [
    model(
        "users",
        "User",
        key,
        column("name", AutoString(50), nullable=False, unique=True),
        column("colour", sa.Enum(Colour, native_enum=False, length=50), nullable=False),
        column("price", sa.Numeric(8, 2), server_default="0"),
        column("big", sa.BigInteger().with_variant(sa.Integer, "sqlite")),
        column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")),
        column("made", UTCDateTime, server_default=sa.func.now()),
        column("ok", sa.Boolean, server_default=sa.true()),
        column("double", sa.Integer, sa.Computed("id * 2", persisted=True)),
        lambda: sa.CheckConstraint("price >= 0 AND name <> 'it''s'", name="price"),
        lambda: sa.Index("ix_lower", sa.text("lower(name)"), unique=True),
        lambda: sa.Index("ix_dear", "price", postgresql_where=sa.text("price > 1"), sqlite_where=sa.text("price > 1")),
        comment='People "who" write',
    ),
    model(
        "blog",
        "Post",
        column("a", sa.Integer, primary_key=True),
        column("b", sa.Uuid, primary_key=True),
        column("author_id", sa.Integer, to="users_user.id", rules={"ondelete": "SET NULL", "onupdate": "CASCADE"}),
        column("a_name_that_is_so_long_that_no_constraint_could_hold_it", sa.String, index=True, unique=True),
    ),
]


async def test_every_kind_of_thing_is_found_written_and_applied_once(base: Base) -> None:
    base.workshop.make(*EVERYTHING)
    await base.migrate()
    columns = await base.inspect(lambda inspector: inspector.get_columns("users_user"))
    assert [item["name"] for item in columns][:3] == ["id", "name", "colour"]
    await base.take_back(list(reversed(base.workshop.graph().order)))
    assert await base.table_names() == set()
    await base.migrate()


POSTGRESQL = model(
    "blog",
    "Place",
    key,
    column("tags", postgresql.ARRAY(sa.String(20))),
    column("data", postgresql.JSONB, server_default=sa.text("'{}'::jsonb")),
    column("address", postgresql.INET),
    column("during", postgresql.TSTZRANGE),
    column("seen", postgresql.TIMESTAMP(timezone=True, precision=3)),
    column("number", sa.Integer, sa.Identity(always=True, start=10), nullable=False),
    lambda: postgresql.ExcludeConstraint((sa.column("during"), "&&"), name="ex_during", using="gist"),
    lambda: sa.Index("ix_data", "data", postgresql_using="gin"),
)


async def test_types_and_constraints_of_postgresql_keep_what_they_are(
    workshop: Workshop, postgres_url: str, tmp_path: Path
) -> None:
    from framework.db.url import DatabaseURL
    from framework.migrations.database.connection import open_engine

    workshop.make(POSTGRESQL)
    base = Base(open_engine(DatabaseURL.parse(postgres_url, root=tmp_path)), workshop)
    await base.migrate()
    rows = await base.rows(
        "SELECT column_name, udt_name FROM information_schema.columns WHERE table_name = 'blog_place' ORDER BY 1"
    )
    assert rows == [
        ("address", "inet"),
        ("data", "jsonb"),
        ("during", "tstzrange"),
        ("id", "int4"),
        ("number", "int4"),
        ("seen", "timestamptz"),
        ("tags", "_varchar"),
    ]
    await base.engine.dispose()


def test_files_are_formatted_and_import_what_they_use(workshop: Workshop) -> None:
    workshop.make(*EVERYTHING)
    workshop.make(EVERYTHING[1], POSTGRESQL, USER)
    for arguments in (["format", "--check"], ["check", "--select", "E,F,I,UP,B", "--ignore", "E501"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "--isolated", str(workshop.folder)],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_a_file_reads_well(workshop: Workshop) -> None:
    workshop.make(POST, USER)
    assert (
        workshop.text("blog.0001_initial")
        == '''"""Create model Post."""

import sqlalchemy as sa
from alembic import op

revision = "blog.0001_initial"
down_revision = None
depends_on = ("users.__first__",)


def upgrade() -> None:
    op.create_table(
        "blog_post",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_blog_post"),
        sa.ForeignKeyConstraint(
            ["author_id"], ["users_user.id"], name="fk_blog_post_author_id"
        ),
    )


def downgrade() -> None:
    op.drop_table("blog_post")
'''
    )


def alembics(workshop: Workshop, tmp_path: Path) -> Config:
    """Return the configuration of a plain project of Alembic's with the workshop's files and a SQLite file."""
    (tmp_path / "env.py").write_text(
        "from alembic import context\nimport sqlalchemy as sa\n"
        "engine = sa.create_engine(context.config.get_main_option('sqlalchemy.url'))\n"
        "with engine.connect() as connection:\n"
        "    context.configure(connection=connection)\n"
        "    with context.begin_transaction():\n        context.run_migrations()\n"
        "engine.dispose()\n"
    )
    config = Config()
    config.set_main_option("script_location", str(tmp_path))
    config.set_main_option("path_separator", "newline")
    config.set_main_option("version_locations", "\n".join(str(folder) for folder in workshop.folders.values()))
    config.set_main_option("sqlalchemy.url", f"sqlite:///{tmp_path / 'plain.sqlite3'}")
    return config


def test_plain_alembic_runs_the_files(workshop: Workshop, tmp_path: Path) -> None:
    workshop.make(POST, USER)
    workshop.make(model("blog", "Post", key, column("title", sa.String(9))), USER)
    config = alembics(workshop, tmp_path)
    command.upgrade(config, "heads")
    engine = sa.create_engine(config.get_main_option("sqlalchemy.url") or "")
    assert {item["name"] for item in sa.inspect(engine).get_columns("blog_post")} == {"id", "title"}
    command.downgrade(config, "base")
    assert sa.inspect(engine).get_table_names() == ["alembic_version"]
    engine.dispose()


def test_plain_alembic_keeps_the_rows_of_what_is_renamed_added_and_changed_at_once(
    workshop: Workshop, tmp_path: Path
) -> None:
    unique = column("slug", sa.String(9), unique=True)
    workshop.make(model("blog", "Post", key, column("title", sa.String(9)), unique), USER)
    config = alembics(workshop, tmp_path)
    command.upgrade(config, "heads")
    engine = sa.create_engine(config.get_main_option("sqlalchemy.url") or "")
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO blog_post (title, slug) VALUES ('one', 's')")
    renames: dict[str, str | bool] = {"blog.Post": "Article", "blog.Article.title": "headline"}
    workshop.questioner = Answered(Answers(renames=renames, values={"blog.Article.stock": 7}), Questioner())
    columns = column("headline", sa.String(20)), unique, column("stock", sa.Integer, nullable=False)
    workshop.make(model("blog", "Article", key, *columns), USER)
    command.upgrade(config, "heads")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT headline, slug, stock FROM blog_article").one() == ("one", "s", 7)
    assert sa.inspect(engine).get_unique_constraints("blog_article")[0]["name"] == "uq_blog_article_slug"
    command.downgrade(config, "blog.0001_initial")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT title, slug FROM blog_post").one() == ("one", "s")
    engine.dispose()
