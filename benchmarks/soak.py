"""Serve a project under a steady load for ten minutes, on request, and tell whether its memory stays flat.

    uv run benchmarks/soak.py [--minutes N] [--rate N]

The project is what `startproject` and `startapp` write, with all their batteries on, a SQLite file and a Valkey server
of its own, served by `runserver --workers 2`. Its clients read and write rows, log in, ask for cached and throttled
routes, send bodies slowly and hang up before they are answered. Ends with an error when an answer was not as wanted, or
when the memory of all processes grew: its largest in the last third of the time is more than 2 % above that in the
second. Needs Linux's /proc.
"""

import argparse
import asyncio
import os
import random
import resource
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from harness import wait_for
from run import ENVIRONMENT, PYTHON, make_site

from framework.testing import supervisor
from framework.testing.servers import WHEELS

CLIENTS = 20
KEYS = 3_000
EMAIL, PASSWORD = "ann@example.com", "a correct horse battery"
MAKE_USER = f"""
import asyncio
from framework import Project
from framework.auth import Users
from config.settings import ProjectSettings

async def main():
    project = Project(ProjectSettings())
    async with project.lifespan(), project.scope() as scope:
        await (await scope.get(Users)).create(email={EMAIL!r}, password={PASSWORD!r}, full_name="Ann")

asyncio.run(main())
"""


@contextmanager
def served(folder: Path, redis: str) -> Iterator[tuple[int, int]]:
    """Serve a new project; yield the process id and the port."""
    make_site(folder)
    settings = folder / "config" / "settings.py"
    settings.write_text(settings.read_text().replace('"hello",', '"hello",\n        "soaked",'))
    environment = {**os.environ, **ENVIRONMENT, "REDIS_URL": redis}
    subprocess.run([PYTHON, "-c", MAKE_USER], cwd=folder, env=environment, check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [PYTHON, "manage.py", "runserver", str(port), "--workers", "2"]
    with (folder / "output").open("w") as output:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
    try:
        wait_for(port, "/health/ready")
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(40)


class Clients:
    """Clients that ask for this and that, together `rate` times a second, and what they were answered."""

    def __init__(self, port: int, rate: float) -> None:
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30)
        self.answers = Counter[str]()
        self.unwanted = Counter[str]()
        self._pause = CLIENTS / rate
        self._token = ""

    async def run(self, until: float) -> None:
        """Ask until the time is over."""
        await self._log_in()
        await asyncio.gather(self._log_in_again(until), *(self._client(until) for _ in range(CLIENTS)))
        await self.http.aclose()

    async def _client(self, until: float) -> None:
        asks = (self._cached, self._cached, self._count, self._page, self._page, self._me, self._team, self._upload)
        while (began := time.monotonic()) < until:
            ask = random.choice((*asks, *asks, self._write, self._hang_up))
            try:
                await ask()
            except httpx.HTTPError as error:
                self.unwanted[f"{ask.__name__}: {error!r}"] += 1
            await asyncio.sleep(self._pause - (time.monotonic() - began))

    async def _ask(self, method: str, path: str, *wanted: int, **options: object) -> httpx.Response:
        response = await self.http.request(method, path, **options)  # pyright: ignore[reportArgumentType]
        self.answers[f"{method} {path.rstrip('0123456789')} {response.status_code}"] += 1
        if response.status_code not in wanted:
            self.unwanted[f"{method} {path} {response.status_code} {response.text[:200]}"] += 1
        return response

    async def _log_in(self) -> None:
        form = {"username": EMAIL, "password": PASSWORD}
        self._token = (await self._ask("POST", "/auth/token", 200, data=form)).json()["access_token"]

    async def _log_in_again(self, until: float) -> None:
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(min(30, left))
            await self._log_in()

    async def _cached(self) -> None:
        await self._ask("GET", f"/soaked/rows/{random.randrange(KEYS)}", 200)

    async def _count(self) -> None:
        await self._ask("GET", "/soaked/count", 200)

    async def _page(self) -> None:
        await self._ask("GET", "/notes/notes", 200, params={"limit": 20})

    async def _write(self) -> None:
        await self._ask("POST", "/notes/notes", 201, json={"title": "A title", "text": "Some text"})

    async def _me(self) -> None:
        await self._ask("GET", "/auth/me", 200, headers={"Authorization": f"Bearer {self._token}"})

    async def _team(self) -> None:
        await self._ask("GET", "/soaked/team", 200, 429, headers={"X-Team": str(int(random.expovariate(0.01)))})

    async def _upload(self) -> None:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(3):
                yield b"x" * 10_000
                await asyncio.sleep(0.03)

        await self._ask("POST", "/soaked/upload", 200, content=pieces())

    async def _hang_up(self) -> None:
        try:
            await asyncio.wait_for(self._page(), random.random() / 100)
        except TimeoutError:
            self.answers["hung up"] += 1


def resident(pid: int) -> float:
    """Return the memory of a process and its children in megabytes."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    pages = [int(Path(f"/proc/{each}/statm").read_text().split()[1]) for each in (pid, *children)]
    return sum(pages) * resource.getpagesize() / 1e6


async def watch(pid: int, minutes: float) -> list[float]:
    """Note the memory a hundred times."""
    noted: list[float] = []
    for turn in range(100):
        await asyncio.sleep(minutes * 0.6)
        noted.append(resident(pid))
        if turn % 10 == 9:
            print(f"{(turn + 1) / 100 * minutes:5.1f} min {noted[-1]:7.1f} MB", flush=True)
    return noted


async def run(pid: int, port: int, minutes: float, rate: float) -> str | None:
    """Return what went wrong, if anything."""
    clients = Clients(port, rate)
    noted, _ = await asyncio.gather(watch(pid, minutes), clients.run(time.monotonic() + minutes * 60))
    second, last = max(noted[33:66]), max(noted[66:])
    for answer, times in sorted(clients.answers.items()):
        print(f"{times:8} {answer}")
    print(f"largest in the second third {second:.1f} MB, in the last {last:.1f} MB: {last / second - 1:+.1%}")
    if clients.unwanted:
        return f"unwanted answers: {dict(clients.unwanted.most_common(5))}"
    return "memory grew" if last > second * 1.02 else None


def main() -> None:
    """Run, and tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--rate", type=float, default=100, help="requests a second")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as data:
        Path(data).chmod(0o711)
        process, redis = supervisor.start_valkey(WHEELS["valkey"].find(), Path(data))
        try:
            with served(Path(folder), redis) as (pid, port):
                problem = asyncio.run(run(pid, port, options.minutes, options.rate))
        finally:
            supervisor.stop(process)
    sys.exit(problem)


if __name__ == "__main__":
    main()
