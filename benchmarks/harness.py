"""How the benchmarks measure: processes against each other in the same run, in turns, as ratios of medians."""

import asyncio
import os
import resource
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent


class Spent(NamedTuple):
    """What a command took, in seconds."""

    cpu: float
    """User and system, with all its children."""
    wall: float


def spent(command: Sequence[str], *, folder: Path, environment: dict[str, str]) -> Spent:
    """Run a command and return what it took."""
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, cwd=folder, env={**os.environ, **environment}, check=True, stdout=subprocess.DEVNULL)
    ended, after = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    return Spent(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, ended - began)


def seconds_of(command: Sequence[str], *, folder: Path, environment: dict[str, str]) -> float:
    """Return the CPU seconds, user and system, that a command takes with all its children."""
    return spent(command, folder=folder, environment=environment).cpu


@contextmanager
def serving(target: str, *, folder: Path, environment: dict[str, str], probe: str) -> Iterator[tuple[int, int]]:
    """Serve an ASGI app on a free port of the loopback; yield the process id and the port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "uvicorn", target, "--port", str(port), "--no-access-log", "--log-level", "error"]
    everything = subprocess.DEVNULL  # log lines are written, for they cost something, and not kept
    with subprocess.Popen(
        command, cwd=folder, env={**os.environ, **environment}, stdout=everything, stderr=everything
    ) as process:
        try:
            wait_for(port, probe)
            yield process.pid, port
        finally:
            process.terminate()
            process.wait(10)


def wait_for(port: int, path: str) -> None:
    """Return when the server answers `path` with 200; raise after 20 seconds."""
    for _ in range(200):
        time.sleep(0.1)
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
                if connection.recv(12) == b"HTTP/1.1 200":
                    return
        except OSError:
            continue
    raise TimeoutError(f"nothing answers {path} on port {port}")


def cpu_of(pid: int) -> float:
    """Return the CPU seconds that the threads of a process have used so far."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")  # nanoseconds, where `stat` counts ticks of 10 ms
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def load(port: int, request: bytes, *, count: int, connections: int = 16) -> None:
    """Send `request` `count` times over keep-alive connections; raise when one is not answered with 2xx."""

    async def client(times: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(times):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            if head[9:10] != b"2":
                raise RuntimeError(head.decode())
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
        writer.close()

    async def run() -> None:
        await asyncio.gather(*(client(count // connections) for _ in range(connections)))

    asyncio.run(asyncio.wait_for(run(), 120))


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """Return the bytes of an HTTP/1.1 request."""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return f"{head}\r\n".encode() + body


def ratio(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Return the ratio of two series measured in turns: its median, smallest and largest."""
    ratios = [mine / other for mine, other in zip(ours, theirs, strict=True)]
    return f"{statistics.median(ratios):6.2f}   ({min(ratios):.2f} to {max(ratios):.2f})"


def row(name: str, ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Return a line with the ratio of two series measured in turns."""
    return f"{name:<34} {ratio(ours, theirs)}"
