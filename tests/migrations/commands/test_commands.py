"""The commands as a person runs them: what they print, write and return."""

import re
import sqlite3
from contextlib import closing
from pathlib import Path
from textwrap import dedent

import pytest
from project_folder import FILES, Folder
from sessions import sessions


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    folder = Folder(tmp_path)
    folder.write(FILES)
    folder.post()
    return folder


UNREACHABLE = "postgresql://nobody:secret@127.0.0.1:9/nothing"


def test_a_day_with_migrations(folder: Folder) -> None:
    # No database is asked for what the files tell.
    assert folder.manage("makemigrations", "makemigrations", DATABASE_URL=UNREACHABLE) == dedent(
        """\
        $ makemigrations
        Migrations for 'people':
          people/migrations/0001_initial.py
            + Create model Person
        Migrations for 'blog':
          blog/migrations/0001_initial.py
            + Create model Post
        $ makemigrations
        No changes detected
        """
    )
    lines = ("showmigrations", "migrate --check", "migrate --plan", "migrate", "showmigrations blog")
    assert folder.manage(*lines) == dedent(
        """\
        $ showmigrations
        blog
         [ ] 0001_initial
        people
         [ ] 0001_initial
        $ migrate --check
        exit 1
        $ migrate --plan
        Planned operations:
        people.0001_initial
            Create model Person
        blog.0001_initial
            Create model Post
        $ migrate
        Operations to perform:
          Apply all migrations: blog, people
        Running migrations:
          Applying people.0001_initial... OK
          Applying blog.0001_initial... OK
        $ showmigrations blog
        blog
         [X] 0001_initial
        """
    )
    with closing(sqlite3.connect(folder.path / "db.sqlite3")) as connection:
        # As the application will open it.
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_making_migrations_takes_the_models_and_no_more_of_the_project(folder: Folder) -> None:
    ready = "\n    def ready(self, project):\n        raise SystemError('The project was loaded.')\n"
    apps = folder.path / "blog/apps.py"
    apps.write_text(apps.read_text() + ready)
    assert "Create model Post" in folder.manage("makemigrations")


def test_the_next_day(folder: Folder) -> None:
    folder.manage("makemigrations", "migrate")
    folder.post('slug: str = "x"')
    dry = folder.manage("makemigrations --dry-run", "makemigrations --dry-run -v 0", "makemigrations --dry-run -v 3")
    said = "Migrations for 'blog':\n  blog/migrations/0002_post_slug.py\n    + Add field slug to post\n"
    assert dry.startswith(f"$ makemigrations --dry-run\n{said}$ makemigrations --dry-run -v 0\n$ ")
    assert f'{said}Full migrations file \'0002_post_slug.py\':\n"""Add field slug to post."""\n' in dry
    assert not (folder.path / "blog/migrations/0002_post_slug.py").exists()
    lines = ("migrate -v 2", "makemigrations --check", "makemigrations blog -n slugs", "migrate blog")
    back = ("migrate people zero", "migrate --fake people", "showmigrations --plan", "showmigrations -v 2")
    printed = folder.manage(*lines, *back)
    assert re.sub(r"at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\)", "at TIME)", printed) == dedent(
        """\
        $ migrate -v 2
        Operations to perform:
          Apply all migrations: blog, people
        Running migrations:
          No migrations to apply.
          Your models in app(s): 'blog' have changes that are not yet reflected in a migration, and so won't be applied.
          Run 'manage.py makemigrations' to make new migrations, and then re-run 'manage.py migrate' to apply them.
        $ makemigrations --check
        Migrations for 'blog':
          blog/migrations/0002_post_slug.py
            + Add field slug to post
        exit 1
        $ makemigrations blog -n slugs
        Migrations for 'blog':
          blog/migrations/0002_slugs.py
            + Add field slug to post
        $ migrate blog
        Operations to perform:
          Apply all migrations: blog
        Running migrations:
          Applying blog.0002_slugs... OK
        $ migrate people zero
        Operations to perform:
          Unapply all migrations: people
        Running migrations:
          Unapplying blog.0002_slugs... OK
          Unapplying blog.0001_initial... OK
          Unapplying people.0001_initial... OK
        $ migrate --fake people
        Operations to perform:
          Apply all migrations: people
        Running migrations:
          Applying people.0001_initial... FAKED
        $ showmigrations --plan
        [X]  people.0001_initial
        [ ]  blog.0001_initial
        [ ]  blog.0002_slugs
        $ showmigrations -v 2
        blog
         [ ] 0001_initial
         [ ] 0002_slugs
        people
         [X] 0001_initial (applied at TIME)
        """
    )


def test_mistakes_are_one_sentence_with_django_s_exit_codes(folder: Folder) -> None:
    printed = folder.manage(
        "makemigrations polls",
        "showmigrations poll",
        "migrate nope",
        "migrate blok",
        "makemigrations --empty",
        "makemigrations",
        "makemigrations blog --empty",
        "migrate blog 0",
        "migrate blog 9999",
        "migrate blog 0001_inital",
    )
    for message, code in (
        ("No installed app with label 'polls'.\n  Hint: 'python manage.py apps' lists them.", 2),
        ("No installed app with label 'poll'.\n  Hint: ", 2),
        ("No installed app with label 'nope'.\n  Hint: ", 1),
        ("No installed app with label 'blok'.\n  Hint: Did you mean 'blog'?", 1),
        ("You must supply at least one app label when using --empty.", 1),
        ("More than one migration matches '0' in app 'blog'. Please be more specific.", 1),
        ("Cannot find a migration matching '9999' from app 'blog'.\n  Hint: See what there is: manage.py showmigr", 1),
        ("Cannot find a migration matching '0001_inital' from app 'blog'.\n  Hint: Did you mean '0001_initial'?", 1),
    ):
        assert re.search(rf"CommandError: {re.escape(message)}.*\nexit {code}\n", printed), (message, printed)
    assert "$ makemigrations blog --empty\nMigrations for 'blog':\n  blog/migrations/0002_custom.py\n" in printed


def test_what_cannot_be_migrated_writes_nothing(folder: Folder) -> None:
    folder.manage("makemigrations")
    folder.post("slug: str")
    folder.write(
        {"people/models.py": FILES["people/models.py"].replace("name: str", "age: int | None\n            name: str")}
    )
    printed = folder.manage("makemigrations --noinput")
    assert "CommandError: Field 'slug' on model 'post' not migrated: it is impossible to add a non-nullable" in printed
    assert printed.endswith("exit 3\n")
    files = [path.name for path in folder.path.glob("*/migrations/0*")]
    assert files == ["0001_initial.py", "0001_initial.py"]


def test_an_installed_package_is_written_to_only_when_named(folder: Folder) -> None:
    library = folder.path / "lib" / "site-packages"
    library.mkdir(parents=True)
    (folder.path / "people").rename(library / "people")
    environment = {"PYTHONPATH": str(library)}
    refused = folder.manage("makemigrations", **environment)
    assert "CommandError: App 'people' is an installed package whose models have changes that its migrations" in refused
    assert refused.endswith("exit 1\n")
    folder.write({"blog/models.py": ""})
    # Named in a setting, its files are kept in the project.
    elsewhere = {**environment, "MIGRATIONS__FOLDERS": '{"people": "people_migrations"}'}
    printed = folder.manage("makemigrations", "makemigrations people", "migrate", **elsewhere)
    assert "App 'people' is an installed package whose models are ahead of its migrations; left alone.\n" in printed
    assert "  people_migrations/0001_initial.py\n" in printed
    assert "Applying people.0001_initial... OK" in printed
    assert not (library / "people" / "migrations").exists()
    assert "people/migrations/0001_initial.py\n" in folder.manage("makemigrations people", **environment)


def test_everything_works_on_postgresql_too(folder: Folder, postgres_url: str) -> None:
    lines = ("makemigrations", "migrate", "showmigrations blog -v 2", "migrate people zero")
    printed = folder.manage(*lines, DATABASE_URL=postgres_url)
    assert "Applying blog.0001_initial... OK" in printed
    assert "$ showmigrations blog -v 2\nblog\n [X] 0001_initial (applied at 20" in printed
    assert "Unapplying people.0001_initial... OK" in printed


def test_checks_find_models_ahead_of_their_migrations_and_two_ends(folder: Folder) -> None:
    found = folder.manage("makemigrations people", "check --tag migrations")
    assert "(migrations.changes) The models of app 'blog' have changes that no migration makes." in found
    for name in ("0002_a", "0002_b"):
        text = f"revision = 'people.{name}'\ndown_revision = 'people.0001_initial'\n\n\ndef upgrade(): ...\n"
        folder.write({f"people/migrations/{name}.py": text})
    found = folder.manage("check --tag migrations")
    assert "(migrations.conflict) Conflicting migrations detected" in found
    assert found.endswith("exit 1\n")


PREFLIGHT = """
import asyncio
from config.settings import ProjectSettings
from framework import Project

project = Project(ProjectSettings())
for line in asyncio.run(project.apps["migrations"].preflight(project)):
    print(line)
"""


def test_a_new_sqlite_file_is_migrated_in_debug_and_otherwise_the_lack_is_told(folder: Folder) -> None:
    folder.manage("makemigrations")

    def preflight(**environment: str) -> str:
        return sessions().run((), folder.path, folder.environment | environment, PREFLIGHT)

    notice = (
        "\nYou have 2 unapplied migration(s). Your project may not work properly until you apply the migrations for "
        "app(s): blog, people.\nRun 'python manage.py migrate' to apply them.\n"
    )
    assert preflight() == notice
    assert not (folder.path / "db.sqlite3").exists()
    assert preflight(DEBUG="1") == f"Created {folder.path / 'db.sqlite3'} and applied 2 migration(s).\n"
    assert preflight(DEBUG="1") == ""
    folder.manage("migrate blog zero")
    assert "You have 1 unapplied migration(s)." in preflight(DEBUG="1")


AWAITED = """
from framework import AppConfig
from framework.db import Session
from sqlalchemy import text


class PeopleConfig(AppConfig):
    name = "people"

    async def migrated(self, project):
        async with project.scope() as scope:
            found = (await (await scope.get(Session)).scalars(text("SELECT count(*) FROM framework_migration"))).one()
        return [f"people knows of {found}"]
"""


@pytest.mark.parametrize(("option", "said"), [("", "OK"), (" --fake", "FAKED")])
def test_apps_are_told_after_every_migrate_and_may_print(folder: Folder, option: str, said: str) -> None:
    folder.write({"people/apps.py": AWAITED})
    back = [] if option else ["migrate people zero"]
    output = folder.manage("makemigrations people", f"migrate people{option}", "migrate people", *back)
    assert re.findall(r"people knows of (\d)", output) == ["1", "1", "0"][: 2 + len(back)]
    assert f"people.0001_initial... {said}\npeople knows of 1\n" in output
    assert "No migrations to apply.\npeople knows of 1\n" in output
