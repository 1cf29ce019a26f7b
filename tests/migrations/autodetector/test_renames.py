"""Renames keep the rows: tables, columns, and the names that come with them."""

from collections.abc import Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from workbench import Base, Model, Workshop, column, key, model

from framework.errors import CommandError
from framework.migrations.autodetector.questioner import Questioner
from framework.migrations.schema.table import Column, Table

pytestmark = pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression")


class Yes(Questioner):
    """Answers yes, and remembers what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def renamed_column(self, table: Table, old: Column, new: Column) -> bool:
        self.asked.append(f"{table.label}.{old.name} -> {new.name}")
        return True

    def renamed_table(self, old: Table, new: Table) -> bool:
        self.asked.append(f"{old.app}.{old.label} -> {new.app}.{new.label}")
        return True

    def narrowed(self, table: Table, old: Column, new: Column, loss: str) -> bool:
        return True

    def renamed_member(self, table: Table, column: Column, old: str, new: str) -> bool:
        return (old, new) == ("ok", "fine")

    def removed_member(self, table: Table, column: Column, member: str, members: Sequence[str]) -> str | None:
        return members[0]


def post(name: str = "Post", title: str = "title", app: str = "blog") -> Model:
    return model(
        app,
        name,
        key,
        column(title, sa.String(50), nullable=False, index=True),
        column("slug", sa.String(50), unique=True),
        column("parent_id", sa.Integer, to=f"{app}_{name.lower()}.id", rules={"ondelete": "CASCADE"}),
        lambda: sa.CheckConstraint(f"{title} <> ''", name="filled"),
        lambda: sa.Index("ix_loud", sa.text(f"upper({title})")),
    )


def comment(to: str = "blog_post") -> Model:
    return model("users", "Comment", key, column("post_id", sa.Integer, to=f"{to}.id", rules={"ondelete": "CASCADE"}))


async def names_of(base: Base, table: str) -> set[str]:
    def look(inspector: sa.Inspector) -> set[str]:
        found = {str(item["name"]) for item in inspector.get_indexes(table)}
        found |= {str(item["name"]) for item in inspector.get_unique_constraints(table)}
        found |= {str(item["name"]) for item in inspector.get_foreign_keys(table)}
        found |= {str(item["name"]) for item in inspector.get_check_constraints(table)}
        return found | {str(inspector.get_pk_constraint(table)["name"])}

    return await base.inspect(look)


@pytest.fixture
def yes(workshop: Workshop) -> Yes:
    workshop.questioner = questioner = Yes()
    return questioner


async def filled(base: Base) -> None:
    base.workshop.make(post(), comment())
    await base.migrate()
    await base.execute(
        "INSERT INTO blog_post (id, title, slug, parent_id) VALUES (1, 'one', 'a', NULL), (2, 'two', 'b', 1)",
        "INSERT INTO users_comment (id, post_id) VALUES (1, 2)",
    )


async def test_a_renamed_column_keeps_its_values_and_its_names_follow(base: Base, yes: Yes) -> None:
    await filled(base)
    before = await names_of(base, "blog_post")
    (made,) = base.workshop.make(post(title="headline"), comment())
    assert yes.asked == ["Post.title -> headline"]
    assert made == "blog.0002_rename_title_post_headline"
    await base.migrate()
    assert await base.rows("SELECT id, headline FROM blog_post ORDER BY id") == [(1, "one"), (2, "two")]
    assert {name for name in await names_of(base, "blog_post") if "title" in name} == set()
    assert "ix_blog_post_headline" in await names_of(base, "blog_post")
    await base.take_back([made])
    assert await base.rows("SELECT id, title FROM blog_post ORDER BY id") == [(1, "one"), (2, "two")]
    assert await names_of(base, "blog_post") == before


async def test_a_renamed_table_keeps_its_rows_and_those_that_point_at_it(base: Base, yes: Yes) -> None:
    await filled(base)
    before = await names_of(base, "blog_post")
    (made,) = base.workshop.make(post("Article"), comment("blog_article"))
    assert yes.asked == ["blog.Post -> blog.Article"]
    assert made == "blog.0002_rename_post_article"
    assert base.workshop.graph().nodes[made].depends_on == ("users.0001_initial",)
    await base.migrate()
    assert await base.rows("SELECT id, title, parent_id FROM blog_article ORDER BY id") == [
        (1, "one", None),
        (2, "two", 1),
    ]
    assert await base.rows("SELECT post_id FROM users_comment") == [(2,)]
    assert await names_of(base, "blog_article") == {name.replace("blog_post", "blog_article") for name in before}
    await base.take_back([made])
    assert await names_of(base, "blog_post") == before
    assert await base.rows("SELECT count(*) FROM blog_post JOIN users_comment ON post_id = blog_post.id") == [(1,)]


async def test_a_table_moves_to_another_app(base: Base, yes: Yes) -> None:
    await filled(base)
    (made,) = base.workshop.make(post(app="users"), comment("users_post"))
    assert yes.asked == ["blog.Post -> users.Post"]
    assert made == "users.0002_move_post_from_blog"
    assert base.workshop.state().tables["users_post"].app == "users"
    await base.migrate()
    assert await base.rows("SELECT count(*) FROM users_post JOIN users_comment ON post_id = users_post.id") == [(1,)]


async def test_an_index_and_a_constraint_with_another_name_are_renamed_without_a_question(base: Base) -> None:
    def named(index: str, check: str) -> Model:
        return model(
            "blog",
            "Post",
            key,
            column("title", sa.String(50)),
            lambda: sa.Index(index, "title", unique=True),
            lambda: sa.CheckConstraint("title <> ''", name=check),
        )

    base.workshop.make(named("ix_a", "a"))
    await base.migrate()
    await base.execute("INSERT INTO blog_post (id, title) VALUES (1, 'one')")
    found = [change.text for item in base.workshop.detect(named("ix_b", "b")) for change in item.changes]
    assert found == [
        "Rename index ix_a on post to ix_b",
        "Rename constraint ck_blog_post_a on post to ck_blog_post_b",
    ]
    (made,) = base.workshop.make(named("ix_b", "b"))
    await base.migrate()
    assert {"ix_b", "ck_blog_post_b"} <= await names_of(base, "blog_post")
    await base.take_back([made])
    assert {"ix_a", "ck_blog_post_a"} <= await names_of(base, "blog_post")
    assert await base.rows("SELECT title FROM blog_post") == [("one",)]


def test_without_an_answer_nothing_is_dropped(workshop: Workshop) -> None:
    workshop.make(post(), comment())
    with pytest.raises(CommandError) as caught:
        workshop.detect(post(title="headline"), comment())
    assert (caught.value.exit_code, caught.value.code) == (3, "migrations.renamed")
    assert "--rename blog.Post.title:headline" in str(caught.value.hint)
    with pytest.raises(CommandError, match=r"'blog.Post' may have been renamed to 'Article'"):
        workshop.detect(post("Article"), comment("blog_article"))


def test_a_file_that_renames_reads_well(workshop: Workshop, yes: Yes) -> None:
    workshop.make(post(), comment())
    workshop.make(post(title="headline"), comment())
    assert (
        workshop.text("blog.0002_rename_title_post_headline")
        == '''"""Rename field title on post to headline."""

from framework.migrations import op

revision = "blog.0002_rename_title_post_headline"
down_revision = "blog.0001_initial"
depends_on = ("users.__first__",)


def upgrade() -> None:
    with op.batch_alter_table("blog_post") as batch_op:
        batch_op.alter_column("title", new_column_name="headline")
        batch_op.rename_index("ix_blog_post_title", "ix_blog_post_headline")


def downgrade() -> None:
    with op.batch_alter_table("blog_post") as batch_op:
        batch_op.rename_index("ix_blog_post_headline", "ix_blog_post_title")
        batch_op.alter_column("headline", new_column_name="title")
'''
    )


def author(name: str, email: str) -> Model:
    return model("users", name, key, column(email, sa.String(50), nullable=False, unique=True))


async def test_keys_that_go_while_their_targets_are_renamed_in_another_app_come_back(base: Base, yes: Yes) -> None:
    def pointing(name: str, **to: str | None) -> Model:
        return model("blog", name, key, *(column(item, sa.String(50), to=target) for item, target in to.items()))

    email, code = "users_author.email", "users_reader.code"
    place = model("blog", "Place", key, column("name", sa.String(50), unique=True))
    base.workshop.make(
        author("Author", "email"),
        author("Reader", "code"),
        pointing("Keyless", one=email, two=code),
        pointing("Narrower", one=email, two=code),
        pointing("Dropped", one=email, two=code),
        pointing("Elsewhere", one=email, two=code),
        place,
    )
    await base.migrate()
    before = await foreign_keys(base)
    base.workshop.make(
        author("Author", "mail"),
        author("Subscriber", "code"),
        pointing("Keyless", one=None, two=None),
        pointing("Narrower"),
        pointing("Elsewhere", one="blog_place.name", two="blog_place.name"),
        place,
    )
    made = await base.migrate()
    assert await foreign_keys(base) == {
        ("blog_elsewhere", "one", "blog_place", "name"),
        ("blog_elsewhere", "two", "blog_place", "name"),
    }
    await base.take_back(list(reversed(made)))
    assert await foreign_keys(base) == before


async def foreign_keys(base: Base) -> set[tuple[str, str, str, str]]:
    def look(inspector: sa.Inspector) -> set[tuple[str, str, str, str]]:
        return {
            (table, item["constrained_columns"][0], item["referred_table"], item["referred_columns"][0])
            for table in inspector.get_table_names()
            for item in inspector.get_foreign_keys(table)
        }

    return await base.inspect(look)


async def test_tables_that_point_at_each_other_are_renamed_at_once(base: Base, yes: Yes) -> None:
    def both(one: str, two: str) -> list[Model]:
        def pointing(name: str, to: str, type_: Any) -> Model:
            return model("blog", name, key, column("to_id", sa.Integer, to=f"blog_{to}.id"), column("held", type_))

        return [pointing(one, two.lower(), sa.Integer), pointing(two, one.lower(), sa.String(9))]

    base.workshop.make(*both("One", "Two"))
    await base.migrate()
    await base.execute("INSERT INTO blog_one (id, held) VALUES (1, 7)", "INSERT INTO blog_two VALUES (2, 1, 'x')")
    base.workshop.make(*both("First", "Second"))
    assert sorted(yes.asked) == ["blog.One -> blog.First", "blog.Two -> blog.Second"]
    made = await base.migrate()
    assert await base.rows("SELECT * FROM blog_second JOIN blog_first ON blog_first.id = blog_second.to_id") == [
        (2, 1, "x", 1, None, 7)
    ]
    await base.take_back(list(reversed(made)))
    assert await base.rows("SELECT * FROM blog_two") == [(2, 1, "x")]


def note(*columns: Any, name: str = "Note") -> Model:
    return model("blog", name, key, *columns)


def mood(name: str, *members: str, native: bool = True) -> Any:
    return column(name, sa.Enum(*members, name="mood", native_enum=native), server_default=members[0])


async def test_a_column_is_renamed_and_gets_another_type_at_once(base: Base, yes: Yes) -> None:
    base.workshop.make(note(column("pages", sa.Integer, index=True), column("price", sa.Numeric(6, 2), nullable=False)))
    await base.migrate()
    await base.execute("INSERT INTO blog_note (id, pages, price) VALUES (1, 7, 1.5)")
    # A number becomes another one; to become text, its name must be like the old one.
    (made,) = base.workshop.make(
        note(column("pages_told", sa.String(20), index=True), column("cost", sa.Numeric(9, 2), nullable=False))
    )
    assert yes.asked == ["Note.price -> cost", "Note.pages -> pages_told"]
    text = base.workshop.text(made)
    assert text.index('"pages", new_column_name="pages_told"') < text.index('"pages_told", type_=sa.String(length=20)')
    await base.migrate()
    assert await base.rows("SELECT pages_told, CAST(cost AS FLOAT) FROM blog_note") == [("7", 1.5)]
    assert "ix_blog_note_pages_told" in await names_of(base, "blog_note")
    await base.take_back([made])
    assert await base.rows("SELECT pages, CAST(price AS FLOAT) FROM blog_note") == [(7, 1.5)]


@pytest.mark.parametrize("native", [True, False])
async def test_an_enum_gains_loses_and_renames_members_while_its_column_is_renamed(
    base: Base, yes: Yes, native: bool
) -> None:
    base.workshop.make(note(mood("mood", "ok", "sad", "bad", native=native)))
    await base.migrate()
    await base.execute("INSERT INTO blog_note (id, mood) VALUES (1, 'ok'), (2, 'sad'), (3, 'bad')")
    made = base.workshop.make(note(mood("feeling", "fine", "sad", "great", native=native)))
    assert yes.asked == ["Note.mood -> feeling"]
    await base.migrate()
    assert await base.rows("SELECT id, feeling FROM blog_note ORDER BY id") == [(1, "fine"), (2, "sad"), (3, "fine")]
    await base.take_back(list(reversed(made)))
    assert await base.rows("SELECT id, mood FROM blog_note ORDER BY id") == [(1, "ok"), (2, "sad"), (3, "ok")]


def test_of_two_columns_the_one_of_the_same_type_is_asked_about_first(workshop: Workshop, yes: Yes) -> None:
    workshop.make(note(column("long_title", sa.Text), column("name", sa.String(50))))
    workshop.detect(note(column("title", sa.String(50))))
    assert yes.asked == ["Note.name -> title"]


def test_without_an_answer_no_column_is_dropped_whose_values_would_fit_a_new_one(workshop: Workshop) -> None:
    workshop.make(note(column("text", sa.Text)))
    with pytest.raises(CommandError, match="renamed to 'body', its values converted to another type") as caught:
        workshop.detect(note(column("body", sa.String(200))))
    assert (caught.value.exit_code, caught.value.code) == (3, "migrations.renamed")
    assert "--rename blog.Note.text:body says it was renamed, --rename blog.Note.text: that" in str(caught.value.hint)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (column("pages", sa.Integer), column("summary", sa.Text)),
        (column("title", sa.String(50)), column("state", sa.Enum("a", "b", name="state"))),
        (column("made", sa.DateTime), column("size", sa.Integer)),
        (column("made", sa.DateTime), column("made_by", sa.Uuid)),
        (column("blob", sa.LargeBinary), column("blob_text", sa.Text)),
        (column("size", sa.Integer), column("full_size", sa.Integer, sa.Computed("id + 1"))),
    ],
)
def test_what_is_plainly_another_column_is_dropped_without_a_question(workshop: Workshop, old: Any, new: Any) -> None:
    workshop.make(note(old))
    (made,) = workshop.detect(note(new))
    assert [change.symbol for change in made.changes] == ["+", "-"]


async def test_a_table_is_renamed_while_its_columns_change(base: Base, yes: Yes) -> None:
    title, text = column("title", sa.String(50)), column("text", sa.Text)
    base.workshop.make(note(title, text, mood("mood", "ok", "sad")))
    await base.migrate()
    await base.execute("INSERT INTO blog_note (id, title, text) VALUES (1, 'one', 'two')")
    made = base.workshop.make(note(title, mood("mood", "ok", "sad", "great"), column("extra", sa.Date), name="Page"))
    assert yes.asked == ["blog.Note -> blog.Page"]
    await base.migrate()
    assert await base.rows("SELECT id, title, mood FROM blog_page") == [(1, "one", "ok")]
    await base.take_back(list(reversed(made)))
    assert await base.rows("SELECT id, title, mood FROM blog_note") == [(1, "one", "ok")]


def test_tables_with_little_in_common_are_two(workshop: Workshop) -> None:
    workshop.make(note(column("title", sa.String(50)), column("text", sa.Text), column("size", sa.Integer)))
    (made,) = workshop.detect(note(column("title", sa.Integer), column("size", sa.Integer), name="Box"))
    assert [change.text for change in made.changes] == ["Create model Box", "Delete model Note"]
