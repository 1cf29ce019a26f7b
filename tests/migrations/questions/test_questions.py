"""What makemigrations asks, and what comes of the answers."""

import datetime
import decimal
import io
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from sqlmodel.sql.sqltypes import UTCDateTime
from workbench import Base, Model, Workshop, column, key, model

from framework.errors import CommandError
from framework.migrations.autodetector.questioner import Questioner
from framework.migrations.questions.answers import Answered, Answers
from framework.migrations.questions.prompter import GO_AHEAD, Prompter
from framework.migrations.questions.values import Unreadable, evaluate
from framework.migrations.schema.reader import read_column


def post(*columns: Any) -> Model:
    return model("blog", "Post", key, *columns)


TITLE = column("title", sa.String(200), nullable=False)


def asks(workshop: Workshop, answers: str) -> io.StringIO:
    """Let `answers` be typed; return what is shown."""
    shown = io.StringIO()
    workshop.questioner = Prompter(io.StringIO(answers), shown)
    return shown


async def filled(base: Base, *columns: Any) -> None:
    base.workshop.make(post(*columns))
    await base.migrate()
    await base.execute("INSERT INTO blog_post (id, title) VALUES (1, 'one')")


def test_django_s_question_about_a_rename(workshop: Workshop) -> None:
    workshop.make(post(TITLE))
    shown = asks(workshop, "maybe\ny\n")
    found = workshop.detect(post(column("headline", sa.String(200), nullable=False)))
    assert shown.getvalue() == (
        "Was post.title renamed to post.headline (a String(200))? [y/N] Please answer yes or no: "
    )
    assert [change.text for change in found[0].changes] == ["Rename field title on post to headline"]
    asks(workshop, "\n1\n''\n")
    found = workshop.detect(post(column("headline", sa.String(200), nullable=False)))
    assert [change.text for change in found[0].changes] == [
        "Add field headline to post",
        "Remove field title from post",
    ]


def test_a_question_about_a_rename_tells_that_values_are_converted(workshop: Workshop) -> None:
    workshop.make(post(TITLE))
    shown = asks(workshop, "y\n")
    workshop.detect(post(column("headline", sa.Text, nullable=False)))
    assert shown.getvalue() == (
        "Was post.title (a String(200)) renamed to post.headline (a Text, to which its values are converted)? [y/N] "
    )


def test_a_table_is_asked_about_too(workshop: Workshop) -> None:
    workshop.make(post(TITLE))
    shown = asks(workshop, "y\n")
    workshop.make(model("blog", "Article", key, TITLE))
    assert shown.getvalue() == "Was the model blog.Post renamed to Article? [y/N] "


async def test_a_new_column_gets_a_value_that_is_typed(base: Base) -> None:
    await filled(base, TITLE)
    shown = asks(base.workshop, "9\n1\nlong ago\nimport os\n7\ntimezone.now() - timedelta(days=1)\n")
    made = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=1)
    base.workshop.make(post(TITLE, column("made", UTCDateTime, nullable=False)))
    text = shown.getvalue()
    assert "It is impossible to add a non-nullable field 'made' to post without specifying a default." in text
    assert " 1) Provide a one-off default now (will be set on all existing rows)\n 2) Quit" in text
    assert "Please select a valid option: " in text
    assert text.count("Invalid input: ") == 3
    await base.migrate()
    table = sa.table("blog_post", sa.column("made", UTCDateTime))
    async with base.engine.connect() as connection:
        (found,) = (await connection.execute(sa.select(table.c.made))).one()
    assert abs(found - made) < datetime.timedelta(minutes=1)
    (kept,) = (
        item for item in await base.inspect(lambda look: look.get_columns("blog_post")) if item["name"] == "made"
    )
    assert (kept["nullable"], kept["default"]) == (False, None)


def test_who_quits_writes_nothing(workshop: Workshop) -> None:
    workshop.make(post(TITLE))
    for answers in ("2\n", "1\nexit\n", "1\n", ""):
        asks(workshop, answers)
        with pytest.raises(CommandError) as caught:
            workshop.detect(post(TITLE, column("age", sa.Integer, nullable=False)))
        assert (caught.value.exit_code, caught.value.code) == (3, "migrations.unanswered")


def test_a_command_without_answers_beforehand_names_its_own_way_out() -> None:
    with pytest.raises(CommandError) as caught:
        Prompter(io.StringIO(), io.StringIO(), GO_AHEAD).agrees("Do you wish to proceed?")
    assert caught.value.hint == "With --noinput it goes ahead without a question."


async def test_three_steps_expand_backfill_contract(base: Base) -> None:
    await filled(base, TITLE)
    asks(base.workshop, "3\n")
    made = base.workshop.make(post(TITLE, column("slug", sa.String(50), nullable=False, unique=True)))
    assert made == ["blog.0002_post_slug", "blog.0003_fill_post_slug", "blog.0004_alter_post_slug"]
    path = base.workshop.graph().nodes[made[1]].path
    with pytest.raises(NotImplementedError, match="Say below what this row gets"):
        await base.migrate()
    lines = [line for line in path.read_text().splitlines() if "NotImplementedError" not in line]
    path.write_text("\n".join(lines).replace("{column: None}", '{column: f"post-{row.id}"}') + "\n")
    await base.migrate()
    assert await base.rows("SELECT slug FROM blog_post") == [("post-1",)]
    await base.take_back(list(reversed(made)))
    assert await base.rows("SELECT * FROM blog_post") == [(1, "one")]


async def test_null_that_goes_is_filled_or_left(base: Base) -> None:
    text = column("text", sa.String(9))
    await filled(base, TITLE, text)
    must = post(TITLE, column("text", sa.String(9), nullable=False))
    shown = asks(base.workshop, "3\n")
    with pytest.raises(CommandError):
        base.workshop.detect(must)
    assert "It is impossible to change a nullable field 'text' on post to non-nullable" in shown.getvalue()
    asks(base.workshop, "2\n")
    left = base.workshop.detect(must)[0].changes[0]
    assert len(left.forward) == 1
    asks(base.workshop, "1\n'none'\n")
    (made,) = base.workshop.make(must)
    assert 'op.fill_nulls("blog_post", "text", "none", sa.String(length=9))' in base.workshop.text(made)
    await base.migrate()
    assert await base.rows("SELECT text FROM blog_post") == [("none",)]
    await base.take_back([made])
    assert await base.rows("SELECT text FROM blog_post") == [("none",)]


@pytest.mark.parametrize(
    ("old", "new", "loss"),
    [
        (sa.String(200), sa.String(50), "longer text"),
        (sa.Text, sa.String(50), "longer text"),
        (sa.Numeric(8, 3), sa.Numeric(8, 2), "digits after the point"),
        (sa.Numeric(8, 2), sa.Numeric(6, 2), "larger numbers"),
        (sa.BigInteger, sa.Integer, "larger numbers"),
        (sa.Numeric(8, 2), sa.Integer, "fractions"),
        (sa.String(9), sa.Integer, "text that does not read as one"),
        (sa.DateTime, sa.Date, "the time of day"),
        (sa.String(50), sa.String(200), None),
        (sa.String(50), sa.Text, None),
        (sa.Integer, sa.BigInteger, None),
        (sa.Integer, sa.String(20), None),
        (sa.Numeric(6, 2), sa.Numeric(8, 3), None),
    ],
)
def test_a_narrower_type_is_asked_about(workshop: Workshop, old: Any, new: Any, loss: str | None) -> None:
    workshop.make(post(column("it", old)))
    narrow = post(column("it", new))
    if loss is None:
        assert workshop.detect(narrow)
        return
    with pytest.raises(CommandError, match=loss) as caught:
        workshop.detect(narrow)
    assert (caught.value.exit_code, caught.value.code) == (3, "migrations.narrowed")
    asks(workshop, "n\n")
    with pytest.raises(CommandError, match="as you answered"):
        workshop.detect(narrow)
    asks(workshop, "y\n")
    assert workshop.detect(narrow)


def test_what_may_be_typed(tmp_path: Path) -> None:
    def typed(text: str, type_: Any) -> Any:
        return evaluate(text, read_column(sa.Column("it", type_)))

    assert typed("uuid.UUID(int=1)", sa.Uuid) == uuid.UUID(int=1)
    assert typed("'00000000-0000-0000-0000-000000000001'", sa.Uuid) == uuid.UUID(int=1)
    assert typed("Decimal('1.5') + 1", sa.Numeric) == decimal.Decimal("2.5")
    assert typed("datetime.date(2026, 1, 2)", sa.Date) == datetime.date(2026, 1, 2)
    assert typed("{'a': [1, -2]}", sa.JSON) == {"a": [1, -2]}
    assert typed("True", sa.Boolean) is True
    assert typed("'b'", sa.Enum("a", "b", name="letter")) == "b"
    wrong = [
        ("__import__('os')", sa.String()),
        ("datetime.sys.exit()", sa.String()),
        ("().__class__", sa.String()),
        ("Decimal.__subclasses__()", sa.String()),
        ("open('x')", sa.String()),
        ("[x for x in 'ab']", sa.JSON()),
        ("1 +", sa.Integer()),
        ("True", sa.Integer()),
        ("'one'", sa.Integer()),
        ("None", sa.Integer()),
        ("'c'", sa.Enum("a", "b", name="letter")),
        ("datetime.datetime(2026, 1, 1)", UTCDateTime()),
    ]
    for text, type_ in wrong:
        with pytest.raises(Unreadable):
            typed(text, type_)


@pytest.mark.parametrize("name", ["answers.toml", "answers.json"])
def test_a_file_answers(workshop: Workshop, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    if name.endswith("toml"):
        path.write_text(
            'in_steps = ["blog.Post.slug"]\nnarrowed = ["blog.Post.title"]\nleft = ["blog.Post.text"]\n'
            '[renames]\n"blog.Post.gone" = false\n[values]\n"blog.Post.made" = 2026-01-02\n"blog.post.age" = 3\n'
            '[members]\n"blog.Post.state.a" = "b"\n'
        )
    else:
        path.write_text(
            '{"in_steps": ["blog.Post.slug"], "narrowed": ["blog.Post.title"], "left": ["blog.Post.text"], '
            '"renames": {"blog.Post.gone": false}, "values": {"blog.Post.made": "2026-01-02", "blog.post.age": 3}, '
            '"members": {"blog.Post.state.a": "b"}}'
        )
    state = {"name": "state", "native_enum": False}
    workshop.make(
        post(TITLE, column("text", sa.Text), column("gone", sa.Integer), column("state", sa.Enum("a", "b", **state)))
    )
    workshop.questioner = Answered(Answers.read(path), Questioner())
    made = workshop.make(
        post(
            column("title", sa.String(50), nullable=False),
            column("text", sa.Text, nullable=False),
            column("slug", sa.String(50), nullable=False),
            column("made", sa.Date, nullable=False),
            column("age", sa.Integer, nullable=False),
            column("state", sa.Enum("b", **state)),
        )
    )
    assert len(made) == 3
    text = workshop.text(made[0])
    assert "server_default=sa.text(\"'2026-01-02'\")" in text
    assert 'moved={"a": "b"}' in text
    assert 'batch_op.drop_column("gone")' in text


def test_renames_are_told_on_the_command_line(workshop: Workshop) -> None:
    workshop.make(post(TITLE))
    answers = Answers(narrowed=["blog.Article.headline"])
    answers.add_renames(["blog.Post:Article", "blog.Article.title:headline"])
    workshop.questioner = answered = Answered(answers, Questioner())
    # Another type and another name: nobody would have asked.
    workshop.make(model("blog", "Article", key, column("headline", sa.JSON, nullable=False)))
    answered.require_used()
    with pytest.raises(CommandError, match="cannot be understood"):
        answers.add_renames(["title"])
    answers.add_renames(["blog.Article.headline:tilte"])
    with pytest.raises(CommandError, match=r"Nothing was renamed from 'blog.Article.headline' to 'tilte'"):
        answered.require_used()


def test_wrong_files_are_told(tmp_path: Path) -> None:
    path = tmp_path / "answers.toml"
    with pytest.raises(CommandError, match="Cannot read the answers"):
        Answers.read(path)
    path.write_text("rename = 1\n")
    with pytest.raises(CommandError, match="says 'rename'"):
        Answers.read(path)


def require_formatted(folder: Path) -> None:
    for arguments in (["format", "--check"], ["check", "--select", "E,F,I,UP,B", "--ignore", "E501"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *arguments, "--isolated", str(folder)],
            cwd=folder,  # where `framework` is a package like others
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


async def test_what_the_answers_lead_to_is_formatted_and_plain_alembic_reads_it(base: Base, tmp_path: Path) -> None:
    workshop = base.workshop
    state = column("state", lambda: sa.Enum("a", "b", name="state"), server_default="a")
    await filled(base, TITLE, state, column("text", sa.Text))
    answers = Answers(
        renames={"blog.Post": "Article", "blog.Article.title": "headline"},
        members={"blog.Article.state.b": "c"},
        values={"blog.Article.made": "2026-01-02T03:04:05+00:00", "blog.Article.text": "none"},
        in_steps=["blog.Article.a_slug_with_a_name_that_is_long"],
    )
    workshop.questioner = Answered(answers, Questioner())
    made = workshop.make(
        model(
            "blog",
            "Article",
            key,
            column("headline", sa.String(200), nullable=False),
            column("state", lambda: sa.Enum("a", "c", "d", name="state"), server_default="d"),
            column("text", sa.Text, nullable=False),
            column("made", sa.DateTime(timezone=True), nullable=False),
            column("a_slug_with_a_name_that_is_long", sa.String(50), nullable=False),
        )
    )
    require_formatted(workshop.folder)
    script = ScriptDirectory(str(tmp_path), version_locations=[str(workshop.folders["blog"])])
    assert [item.revision for item in script.walk_revisions()] == [*reversed(made), "blog.0001_initial"]
    for revision in made[:3]:
        await base.migrate(revision)
    ((headline, state_, text),) = await base.rows("SELECT headline, state, text FROM blog_article")
    assert (headline, state_, text) == ("one", "a", "none")
    await base.take_back(list(reversed(made[:3])))
    assert await base.rows("SELECT title, state FROM blog_post") == [("one", "a")]
