"""Every test has a database of its own, migrated once and copied, on SQLite and on PostgreSQL."""

import re

import pytest

from tests.testing.conftest import Run
from tests.testing.test_plugin import MANAGE

pytestmark = pytest.mark.timeout(180)  # each test starts a pytest, and some servers, of its own

SETTINGS = """
    from framework import Settings
    from framework.db import DatabaseSettings

    class ProjectSettings(Settings):
        installed_apps: tuple[str, ...] = ("framework.db", "notes")
        database: DatabaseSettings = DatabaseSettings(url={url!r}, pool_size=3)
"""

APPS = """
    from framework import AppConfig

    class NotesConfig(AppConfig):
        name = "notes"
        requires = ("db",)
"""

MODELS = """
    from framework.db import Field, Model

    class Note(Model, table=True):
        id: int = Field(default=None, primary_key=True)
        text: str = Field(max_length=200, unique=True)
"""

ROUTES = """
    from fastapi import APIRouter
    from framework.db import Session, select
    from framework.web import Inject

    from notes.models import Note

    router = APIRouter(prefix="/notes")

    @router.post("", status_code=201)
    async def create(text: str, session: Inject[Session]) -> int:
        note = Note(text=text)
        session.add(note)
        await session.flush()
        return note.id

    @router.get("")
    async def read(session: Inject[Session]) -> list[str]:
        return [note.text for note in await session.exec(select(Note).order_by(Note.id))]
"""

ONE_ROW_EACH = """
    import pytest
    from framework.db import Database

    @pytest.mark.parametrize("number", range(4))
    async def test_a_note(number, client, project):
        assert (await client.get("/notes")).json() == []
        assert (await client.post("/notes?text=first")).json() == 1, "numbers start anew too"
        assert (await client.get("/notes")).json() == ["first"]
        print("DATABASE", project.settings.database.url)
"""


@pytest.fixture
def site(run: Run) -> Run:
    """A project with a database and an app of one model."""
    run.write("manage.py", MANAGE)
    run.write("config/__init__.py", "")
    run.write("config/settings.py", SETTINGS.format(url="sqlite:///db.sqlite3"))
    run.write("notes/__init__.py", "")
    run.write("notes/apps.py", APPS)
    run.write("notes/models.py", MODELS)
    run.write("notes/routes.py", ROUTES)
    return run


def urls(output: str) -> list[str]:
    return re.findall(r"DATABASE (\S+)", output)


def test_each_test_has_a_file_of_its_own_and_nothing_is_left(site: Run) -> None:
    site.write("test_site.py", ONE_ROW_EACH)
    code, output = site("-rP", "--basetemp", str(site.temporary / "base"))
    assert code == 0, output
    assert len(set(urls(output))) == 4
    assert all(url.startswith(f"sqlite:///{site.temporary}/base/") for url in urls(output))
    assert not list(site.temporary.rglob("*.sqlite3*"))
    assert not (site.folder / "db.sqlite3").exists()


@pytest.mark.parametrize("arguments", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_a_project_on_postgresql_is_tested_on_postgresql(site: Run, arguments: tuple[str, ...]) -> None:
    site.write("config/settings.py", SETTINGS.format(url="postgresql://site@db.example.com/site"))
    site.write("test_site.py", ONE_ROW_EACH)
    code, output = site("-rP", *arguments)
    assert code == 0, output
    assert len(set(urls(output))) == 4
    assert all(re.fullmatch(r"postgresql\S+/test_(main|gw\d)_\w+", url) for url in urls(output)), urls(output)
    assert site.left_behind() == []


def test_a_named_server_puts_every_project_on_postgresql(site: Run, postgres_url: str) -> None:
    site.write("test_site.py", ONE_ROW_EACH)
    code, output = site("-rP", environ={"TEST_DATABASE_URL": postgres_url})
    assert code == 0, output
    assert all(url.startswith("postgresql") for url in urls(output))


INITIAL = """
    import secrets

    import sqlalchemy as sa
    from alembic import op

    revision = "notes.0001_initial"
    down_revision = None


    def upgrade() -> None:
        op.create_table(
            "notes_note",
            sa.Column("id", sa.Integer(), nullable=False),
            sa.Column("text", sa.String(length=LENGTH), nullable=False),
            sa.PrimaryKeyConstraint("id", name="pk_notes_note"),
            sa.UniqueConstraint("text", name="uq_notes_note_text"),
        )
        op.execute(f"INSERT INTO notes_note (text) VALUES ('by run {secrets.token_hex(4)} of the migration')")


    def downgrade() -> None:
        op.drop_table("notes_note")
"""


@pytest.fixture
def migrated(site: Run) -> Run:
    """The same with migrations, one of which writes a row."""
    settings = (site.folder / "config" / "settings.py").read_text()
    site.write("config/settings.py", settings.replace('"notes"', '"framework.migrations", "notes"'))
    site.write("notes/migrations/__init__.py", "")
    site.write("notes/migrations/0001_initial.py", INITIAL.replace("LENGTH", "200"))
    return site


@pytest.mark.parametrize("server", ["sqlite", "postgres"])
def test_migrations_run_once_and_every_copy_has_what_they_wrote(
    migrated: Run, request: pytest.FixtureRequest, server: str
) -> None:
    environ = {"TEST_DATABASE_URL": request.getfixturevalue("postgres_url")} if server == "postgres" else {}
    migrated.write(
        "test_site.py",
        """
        import pytest

        @pytest.mark.parametrize("number", range(3))
        async def test_notes(client, number):
            assert (await client.post("/notes?text=mine")).json() == 2
            first, second = (await client.get("/notes")).json()
            assert second == "mine"
            print("DATABASE", first.replace(" ", "-"))

        async def test_a_scope_that_committed(client, scope):
            from framework.db import Session
            from notes.models import Note

            session = await scope.get(Session)
            session.add(Note(text="seen"))
            await session.commit()
            assert (await client.get("/notes")).json()[1:] == ["seen"]

        async def test_rows_to_order(client, make):
            from notes.models import Note

            await make(Note)
            assert (await client.get("/notes")).json()[1:] == ["text 1"]

        async def test_two_projects_have_two_databases(project_with):
            from framework.db import Session, select
            from notes.models import Note

            one, two = project_with(), project_with(debug=True)
            async with one.scope() as scope:
                (await scope.get(Session)).add(Note(text="in one"))
            async with two.scope() as scope:
                notes = await (await scope.get(Session)).exec(select(Note.text))
                assert "in one" not in list(notes)
        """,
    )
    code, output = migrated("-rP", environ=environ)
    assert code == 0, output
    assert "6 passed" in output
    seen = re.findall(r"DATABASE (\S+)", output)
    assert len(seen) == 3
    assert len(set(seen)) == 1, "one migration made what all three saw"


def test_models_ahead_of_their_migrations_are_said_before_a_test_riddles(migrated: Run) -> None:
    migrated.write("notes/migrations/0001_initial.py", INITIAL.replace("LENGTH", "100"))
    migrated.write("test_site.py", "def test_notes(project): ...\n")
    code, output = migrated()
    assert code == 1
    assert "The models of 'notes' have changes that no migration makes" in output
    assert "python manage.py makemigrations notes" in output


def test_opening_the_real_database_in_a_test_is_an_error(migrated: Run) -> None:
    migrated.write("config/asgi.py", ASGI)
    migrated.write(
        "test_site.py",
        """
        import pytest
        from framework.errors import ImproperlyConfigured

        def test_asgi():
            with pytest.raises(ImproperlyConfigured, match="no test database"):
                import config.asgi
        """,
    )
    migrated.write("test_top.py", "from config.asgi import app\n\ndef test_app(): ...\n")
    code, output = migrated()
    assert code == 2
    assert f"A test opened 'sqlite:///{migrated.folder}/db.sqlite3', which is no test database." in output
    code, output = migrated("test_site.py")
    assert code == 0, output


ASGI = """
    from framework import Project
    from framework.web import create_app

    from config.settings import ProjectSettings

    app = create_app(Project(ProjectSettings()))
"""


def test_an_explicit_database_is_left_as_it_is(site: Run) -> None:
    site.write(
        "test_site.py",
        """
        import sqlite3
        from contextlib import closing

        async def test_empty(project_with, tmp_path):
            from framework.db import Database, DatabaseSettings

            project = project_with(database=DatabaseSettings(url=f"sqlite:///{tmp_path}/mine.sqlite3"))
            async with project.lifespan(), project.scope() as scope:
                await (await scope.get(Database)).ping()
            with closing(sqlite3.connect(tmp_path / "mine.sqlite3")) as connection:
                assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
        """,
    )
    code, output = site()
    assert code == 0, output
