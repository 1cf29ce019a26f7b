"""Valkey servers of a test's own, which it may kill, pause and start again: the fixtures `server` and `make_server`."""

import signal
import socket
import subprocess
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from framework.testing.servers import WHEELS
from framework.testing.supervisor import free_port


class Server:
    """A Valkey server that belongs to one test."""

    def __init__(self, folder: Path, *options: str, sentinel: bool = False, cluster: bool = False) -> None:
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        lines = [f"port {self.port}", "bind 127.0.0.1", f"dir {folder}", *options]
        if not sentinel:
            lines += ['save ""', "appendonly no", "enable-debug-command yes"]
        if cluster:  # by itself the port of its bus is the server's plus 10,000, which may be none
            self.bus = free_port()
            lines += ["cluster-enabled yes", "cluster-node-timeout 2000", f"cluster-port {self.bus}"]
            lines += [f"cluster-config-file {self.port}.nodes"]
        config = folder / f"{self.port}.conf"
        config.write_text("\n".join([*lines, ""]))
        self._command = [str(WHEELS["valkey"].find()), str(config), *(["--sentinel"] if sentinel else [])]
        self._cluster = cluster
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, empty, and wait until it answers; a cluster of one has all the slots then."""
        self.launch()
        if self._cluster:
            self.ask("CLUSTER ADDSLOTSRANGE 0 16383")
            self.wait("CLUSTER INFO", b"cluster_state:ok")

    def launch(self) -> None:
        """Start it, empty, and wait until it answers."""
        self.process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.wait("PING", b"+PONG", b"-NOAUTH")

    def wait(self, command: str, *wanted: bytes) -> None:
        """Wait until it gives one of the answers."""
        end = time.monotonic() + 20
        while not any(word in self.ask(command) for word in wanted):
            assert self.process is not None
            assert self.process.poll() is None, f"the server ended: {self._command}"
            assert time.monotonic() < end
            time.sleep(0.01)

    def ask(self, command: str) -> bytes:
        """Send one line and return the beginning of the answer, nothing when there is none."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=5) as connection:
                connection.sendall(f"{command}\r\n".encode())
                return connection.recv(10_000)
        except OSError:
            return b""

    @property
    def connections(self) -> int:
        """How many clients are connected, but for the one that asks."""
        line = next(line for line in self.ask("INFO clients").splitlines() if line.startswith(b"connected_clients:"))
        return int(line.partition(b":")[2]) - 1

    def pause(self) -> None:
        """Let it say nothing, with its connections open."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once, with all it holds."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def _signal(self, number: int) -> None:
        assert self.process is not None
        self.process.send_signal(number)


@contextmanager
def cluster_of_three(folder: Path) -> Generator[list[Server]]:
    """Serve a cluster of three nodes, each with a third of the slots."""
    nodes = [Server(folder, cluster=True) for _ in range(3)]
    with ExitStack() as stack:
        for place, (node, slots) in enumerate(zip(nodes, ("0 5460", "5461 10922", "10923 16383"), strict=True)):
            stack.callback(node.kill)
            node.launch()
            node.ask(f"CLUSTER SET-CONFIG-EPOCH {place + 1}")
            node.ask(f"CLUSTER ADDSLOTSRANGE {slots}")
            if place:
                nodes[0].ask(f"CLUSTER MEET 127.0.0.1 {node.port} {node.bus}")
        for node in nodes:
            node.wait("CLUSTER INFO", b"cluster_state:ok")
        yield nodes


type MakeServer = Callable[..., Server]


@pytest.fixture
def make_server(tmp_path: Path) -> Generator[MakeServer]:
    """Return a function that starts a server of this test's own: `make_server("requirepass hunter2", cluster=True)`."""
    with ExitStack() as stack:

        def make(*options: str, sentinel: bool = False, cluster: bool = False) -> Server:
            server = Server(tmp_path, *options, sentinel=sentinel, cluster=cluster)
            stack.callback(server.kill)
            server.start()
            return server

        yield make


@pytest.fixture
def server(make_server: MakeServer) -> Server:
    """A server of this test's own."""
    return make_server()
