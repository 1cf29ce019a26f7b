"""A thousand logins at once: how long the loop is ever held up, and whether time tells that an account exists.

`uv run benchmarks/logins.py [COST]`: bcrypt's cost is 8 by default, for 12 takes sixteen times as long.
"""

import asyncio
import logging
import random
import statistics
import sys
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from time import perf_counter, thread_time

from framework import Project, Settings
from framework.auth import AuthSettings, Users
from framework.auth.settings import PasswordSettings
from framework.db import DatabaseSettings
from framework.errors import Unauthenticated
from framework.migrations import migrate
from framework.throttling import ThrottlingSettings

APPS = tuple(f"framework.{name}" for name in ("db", "migrations", "cache", "throttling", "mail", "users", "auth"))
LOGINS = 1000
ROUNDS = 60
PASSWORD = "correct horse battery"


class Site(Settings):
    """A project with users."""

    installed_apps: tuple[str, ...] = APPS
    throttling: ThrottlingSettings = ThrottlingSettings()
    auth: AuthSettings = AuthSettings()


@asynccontextmanager
async def ticking(pauses: list[float]) -> AsyncGenerator[None]:
    """Note the time of each turn of the loop: of the processor, for others use this machine too."""

    async def tick() -> None:
        while True:
            began = thread_time()
            await asyncio.sleep(0.001)
            pauses.append(thread_time() - began)

    task = asyncio.create_task(tick())
    try:
        yield
    finally:
        task.cancel()


async def attempt(project: Project, login: str, password: str) -> float:
    """Return the seconds that an attempt to log in takes."""
    began = perf_counter()
    async with project.scope() as scope:
        users = await scope.get(Users)
        with suppress(Unauthenticated):
            await users.authenticate(login, password)
    return perf_counter() - began


def told(name: str, pauses: list[float]) -> None:
    worst, late = max(pauses) * 1000, statistics.quantiles(pauses, n=1000)[-1] * 1000
    print(f"{name:40} longest pause {worst:6.1f} ms, 99.9 % below {late:6.1f} ms")


logging.disable()


async def main(cost: int, folder: Path) -> None:
    """Print both measurements."""
    settings = Site(
        secret_key="x1y2z3w4" * 5,
        database=DatabaseSettings(url=f"sqlite:///{folder / 'db.sqlite3'}"),
        throttling=ThrottlingSettings(enabled=False),
        auth=AuthSettings(passwords=PasswordSettings(bcrypt_cost=cost, max_waiting=LOGINS)),
        _environ={},
        _env_file=None,
    )
    project = Project(settings)
    await migrate(project)
    async with project.lifespan():
        async with project.scope() as scope:
            await (await scope.get(Users)).create(email="known@example.com", password=PASSWORD)
        await attempt(project, "known@example.com", PASSWORD)

        idle: list[float] = []
        async with ticking(idle):
            await asyncio.sleep(2)
        told("nothing to do", idle)
        for name, password in (("right", PASSWORD), ("wrong", "wrong")):
            busy: list[float] = []
            began = perf_counter()
            async with ticking(busy):
                await asyncio.gather(*(attempt(project, "known@example.com", password) for _ in range(LOGINS)))
            told(f"{LOGINS} logins, {name} password ({perf_counter() - began:.1f} s)", busy)

        times: dict[str, list[float]] = {"known@example.com": [], "unknown@example.com": []}
        for _ in range(ROUNDS):  # taken in turns, so that what else the machine does is in both
            for login in random.sample(sorted(times), 2):
                times[login].append(await attempt(project, login, "wrong"))
        known, unknown = (statistics.median(seconds) for seconds in times.values())
        print(f"wrong password {known * 1000:.2f} ms, no such account {unknown * 1000:.2f} ms: {unknown / known:.3f}")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8, Path(folder)))
