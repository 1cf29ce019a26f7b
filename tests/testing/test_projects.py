"""Every test has a database of its own, migrated once and copied, on SQLite and on PostgreSQL."""

import re

import pytest

from tests.testing.conftest import Run
from tests.testing.test_plugin import MANAGE

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
