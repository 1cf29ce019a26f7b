"""A project under pytest opens the test's database and no other."""

from pathlib import Path

import pytest

from framework.db.guards import guards
from framework.db.url import DatabaseURL
from framework.errors import ImproperlyConfigured
from framework.testing.guard import TestDatabases
from tests.testing.conftest import Run


def parse(url: str) -> DatabaseURL:
    return DatabaseURL.parse(url, root=Path("/srv/site"))


def ask(url: str) -> None:
    for guard in guards:
        guard(parse(url))


def test_the_database_of_the_code_is_refused_with_the_way_out() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        ask("sqlite:///db.sqlite3")
    assert str(caught.value) == (
        "A test opened 'sqlite:////srv/site/db.sqlite3', which is no test database.\n"
        "  Hint: Take the project from a fixture, which has a database of its own, instead of importing config.asgi or "
        "calling\n"
        "        ProjectSettings():    async def test_posts(client): …    or    def test_posts(project_with): …\n"
        "        To open this one on purpose, ask for the fixture allow_database and call it with the URL."
        "  [testing.database]"
    )


def test_a_database_on_the_test_server_that_is_nobodys_is_refused(postgres_url: str) -> None:
    ask(postgres_url)
    with pytest.raises(ImproperlyConfigured, match=r"testing\.database") as caught:
        ask(postgres_url.rpartition("/")[0] + "/postgres")
    assert "postgres:" not in str(caught.value), "no password"


def test_files_of_tmp_path_are_test_databases(tmp_path: Path) -> None:
    ask(f"sqlite:///{tmp_path}/deep/db.sqlite3")


def test_a_link_out_of_tmp_path_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("/srv")
    with pytest.raises(ImproperlyConfigured, match=r"testing\.database"):
        ask(f"sqlite:///{tmp_path}/link/db.sqlite3")


def test_a_database_can_be_allowed_for_one_test(run: Run) -> None:
    run.write(
        "test_allow.py",
        """
        from pathlib import Path

        import pytest

        from framework.db.guards import guards
        from framework.db.url import DatabaseURL
        from framework.errors import ImproperlyConfigured

        URL = "postgresql://site@db.example.com/site"

        def ask():
            for guard in guards:
                guard(DatabaseURL.parse(URL, root=Path()))

        def test_allowed(allow_database):
            allow_database(URL)
            ask()

        def test_no_longer():
            with pytest.raises(ImproperlyConfigured, match="'postgresql://site@db.example.com/site', which is no test"):
                ask()
        """,
    )
    code, output = run()
    assert code == 0, output


def test_a_project_opened_while_tests_are_collected_is_refused_too(tmp_path: Path) -> None:
    guard = TestDatabases()
    with pytest.raises(ImproperlyConfigured, match=r"testing\.database"):
        guard(parse(f"sqlite:///{tmp_path}/db.sqlite3"))


def test_importing_the_plugin_loads_no_web_and_no_database() -> None:
    import json
    import subprocess
    import sys

    program = "import json, sys, framework.testing.plugin; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    heavy = {
        "fastapi",
        "starlette",
        "sqlmodel",
        "sqlalchemy",
        "alembic",
        "asyncpg",
        "redis",
        "httpx",
        "typer",
        "valkey",
    }
    assert not heavy & set(json.loads(done.stdout))
