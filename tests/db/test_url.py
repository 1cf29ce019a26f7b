"""The URL of a database: what platforms write, and what the drivers are told."""

import os
import socket
import ssl
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from framework.db.settings import DatabaseSettings
from framework.db.url import DatabaseURL
from framework.errors import ImproperlyConfigured

ROOT = Path("/srv/site")


def parse(url: str) -> DatabaseURL:
    return DatabaseURL.parse(url, root=ROOT)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+asyncpg", "POSTGRES"])
def test_every_scheme_of_postgresql_gets_asyncpg(scheme: str) -> None:
    url = parse(f"{scheme}://ann:s3cret@db.example.com:6432/site")
    assert url.to_sqlalchemy().render_as_string(hide_password=False) == (
        "postgresql+asyncpg://ann:s3cret@db.example.com:6432/site"
    )
    assert url.connect_args == {}


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+aiosqlite"])
def test_a_relative_sqlite_file_is_found_from_the_root(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    url = parse(f"{scheme}:///data/db.sqlite3")
    assert url.path == ROOT / "data/db.sqlite3"
    assert url.to_sqlalchemy().drivername == "sqlite+aiosqlite"
    assert url.to_sqlalchemy().database == "/srv/site/data/db.sqlite3"


def test_an_absolute_sqlite_file_stays_where_it_is() -> None:
    assert parse("sqlite:////var/lib/site.sqlite3").path == Path("/var/lib/site.sqlite3")


async def test_a_file_with_awkward_letters_is_the_file_that_opens(tmp_path: Path) -> None:
    url = DatabaseURL.parse("sqlite:///a b%3F%23ä.sqlite3", root=tmp_path)
    engine = create_async_engine(url.to_sqlalchemy(), connect_args=dict(url.connect_args))
    async with engine.begin() as connection:
        await connection.execute(text("create table t (id integer)"))
    await engine.dispose()
    assert [entry.name for entry in os.scandir(tmp_path)] == ["a b?#ä.sqlite3"]


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite:///", "sqlite:///file:x?mode=memory"])
def test_a_database_in_memory_is_refused(url: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="names no file"):
        parse(url)


def test_two_slashes_before_a_file_are_refused_with_the_right_number() -> None:
    with pytest.raises(ImproperlyConfigured, match="three for a relative file, four for an absolute one"):
        parse("sqlite://db.sqlite3")


@pytest.mark.parametrize("mode", ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"])
def test_sslmode_becomes_the_argument_of_asyncpg(mode: str) -> None:
    assert parse(f"postgres://h/d?sslmode={mode}").connect_args == {"ssl": mode}


@pytest.mark.parametrize(("given", "told"), [("true", "require"), ("false", "disable"), ("verify-full", "verify-full")])
def test_ssl_is_understood_as_other_tools_write_it(given: str, told: str) -> None:
    assert parse(f"postgres://h/d?ssl={given}").connect_args == {"ssl": told}


def test_the_url_of_neon_is_understood() -> None:
    url = parse("postgresql://u:p@ep-x.neon.tech/site?sslmode=require&channel_binding=require&options=endpoint%3Dep-x")
    assert url.connect_args == {"ssl": "require", "server_settings": {"options": "endpoint=ep-x"}}


def test_a_required_channel_binding_requires_at_least_tls() -> None:
    assert parse("postgres://h/d?channel_binding=require").connect_args == {"ssl": "require"}
    assert parse("postgres://h/d?sslmode=prefer&channel_binding=require").connect_args == {"ssl": "require"}
    assert parse("postgres://h/d?sslmode=verify-full&channel_binding=require").connect_args == {"ssl": "verify-full"}
    assert parse("postgres://h/d?channel_binding=prefer").connect_args == {}
    with pytest.raises(ImproperlyConfigured, match="only one of them"):
        parse("postgres://h/d?sslmode=disable&channel_binding=require")


def test_the_session_attributes_and_the_names_reach_the_driver() -> None:
    url = parse("postgres://h/d?target_session_attrs=read-write&application_name=site&connect_timeout=3")
    assert url.connect_args == {
        "server_settings": {"application_name": "site"},
        "target_session_attrs": "read-write",
        "timeout": 3.0,
    }


def test_several_servers_reach_the_driver() -> None:
    url = parse("postgres://u@a:5433,[::1]:5434,c/site?target_session_attrs=primary")
    assert url.connect_args["host"] == ["a", "::1", "c"]
    assert url.connect_args["port"] == [5433, 5434, 5432]
    assert url.to_sqlalchemy().host is None
    assert str(url) == "postgresql://u@a,::1,c/site"


@pytest.mark.parametrize(
    "url", ["postgres:///site?host=/cloudsql/a:b:c&user=u&password=p", "postgres://u:p@%2Fcloudsql%2Fa:b:c/site"]
)
def test_a_socket_folder_reaches_the_driver(url: str) -> None:
    parsed = parse(url)
    assert parsed.connect_args["host"] == ["/cloudsql/a:b:c"]
    assert (parsed.username, parsed.password, parsed.database) == ("u", "p", "site")


def test_certificates_are_files_below_the_root() -> None:
    dsn = parse("postgres://h/d?sslmode=verify-full&sslrootcert=ca.pem").connect_args["dsn"]
    assert dsn == "postgresql://?sslmode=verify-full&sslrootcert=%2Fsrv%2Fsite%2Fca.pem"


def test_the_systems_certificates_verify_the_name_of_the_server() -> None:
    context = parse("postgres://h/d?sslmode=verify-full&sslrootcert=system").connect_args["ssl"]
    assert isinstance(context, ssl.SSLContext)
    assert context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


@pytest.mark.parametrize("password", ["p@ss/w:rd", "p%40ss%2Fw%3Ard"])
def test_a_password_with_awkward_letters_is_read_escaped_or_not(password: str) -> None:
    assert parse(f"postgres://ann:{password}@h:5432/site").password == "p@ss/w:rd"


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("postgres://u:hunter2@h/d?sslmod=require", "has the parameter 'sslmod'"),
        ("postgres://u:hunter2@h/d?pgbouncer=true&x=1", "has the parameter 'pgbouncer', 'x'"),
        ("sqlite:///db.sqlite3?mode=ro", "has the parameter 'mode'"),
        ("postgres://u:hunter2@h/d?sslmode=yes", "has sslmode='yes'"),
        ("postgres://u:hunter2@h/d?target_session_attrs=master", "has target_session_attrs='master'"),
        ("postgres://u:hunter2@h/d?connect_timeout=soon", "has connect_timeout='soon'"),
        ("postgres://u:hunter2@h:db/d", "has a port that is no number"),
        ("postgres://u:hunter2#1@h:70000/d", "has a port that is no number"),
        ("postgres://u:hunter2@a,b,c/d?port=1,2", "has 2 ports for 3 hosts"),
        ("mysql://u:hunter2@h/d", "starts with 'mysql://'"),
        ("postgresql+psycopg2://u:hunter2@h/d", "starts with 'postgresql+psycopg2://'"),
        ("u:hunter2@h/d", "is no URL"),
        ("", "is no URL"),
    ],
)
def test_what_is_not_understood_is_named_and_the_password_is_not(url: str, said: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        parse(url)
    assert said in str(caught.value)
    assert caught.value.code == "db.url"
    assert "hunter2" not in str(caught.value)


def test_a_misspelt_parameter_gets_the_near_match() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        parse("postgres://h/d?sslmod=require")
    assert caught.value.hint == "Did you mean 'sslmode'?"


def test_no_printout_holds_the_password() -> None:
    url = parse("postgres://ann:hunter2@h/d?sslmode=verify-ca&sslrootcert=ca.pem&sslpassword=hunter2")
    assert "hunter2" not in repr(url) + str(url) + repr(url.to_sqlalchemy())
    assert str(url) == "postgresql://ann@h/d"


def test_settings_refuse_a_url_that_could_not_be_opened() -> None:
    with pytest.raises(ValueError, match="Did you mean 'sslmode'") as caught:
        DatabaseSettings(url="postgres://u:hunter2@h/d?sslmod=require")
    assert "hunter2" not in str(caught.value)


async def connect(url: str) -> tuple[str, str, str]:
    """Open a real connection as the database will, and ask the server what it was told."""
    parsed = DatabaseURL.parse(url, root=ROOT)
    engine = create_async_engine(parsed.to_sqlalchemy(), connect_args=dict(parsed.connect_args))
    try:
        async with engine.connect() as connection:
            asked = "select current_setting('application_name'), current_setting('work_mem'), current_database()"
            row = (await connection.execute(text(asked))).one()
            return row[0], row[1], row[2]
    finally:
        await engine.dispose()


async def test_a_real_server_is_told_everything(postgres_url: str) -> None:
    name = postgres_url.rpartition("/")[2]
    url = postgres_url + (
        "?sslmode=prefer&channel_binding=prefer&application_name=site&target_session_attrs=read-write"
        "&options=-c%20work_mem%3D7MB&connect_timeout=5&statement_cache_size=0&prepared_statement_cache_size=0"
    )
    assert await connect(url.replace("postgresql+asyncpg", "postgres")) == ("site", "7MB", name)


async def test_the_second_of_two_real_servers_answers(postgres_url: str) -> None:
    parsed = DatabaseURL.parse(postgres_url, root=ROOT)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        closed = listener.getsockname()[1]
    credentials = f"{parsed.username}:{parsed.password or ''}"
    hosts = f"127.0.0.1:{closed},{parsed.host}:{parsed.port}"
    assert (await connect(f"postgres://{credentials}@{hosts}/{parsed.database}"))[2] == parsed.database


async def test_a_certificate_that_is_not_there_stops_the_connection(postgres_url: str) -> None:
    with pytest.raises(FileNotFoundError):
        await connect(postgres_url + "?sslmode=prefer&sslcert=none.pem&sslkey=none.key")


async def test_a_server_without_tls_is_refused_when_tls_is_required(postgres_url: str) -> None:
    with pytest.raises((ConnectionError, asyncpg.PostgresError)):
        await connect(postgres_url + "?channel_binding=require")
