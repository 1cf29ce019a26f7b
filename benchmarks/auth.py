"""Print what an authenticated request costs, against the code of the best-practices guide for FastAPI, in the same run.

    uv run benchmarks/auth.py [--rounds N] [--requests N]

`GET /me` with a JWT, on PostgreSQL from its wheel: the guide's own code, ours with the user and the login read every
time, and ours with the cache of users. Every figure is CPU time, user and system, of the whole server process. The
guide verifies a token and reads the user; ours also asks whether the login has ended, writes a log line for every
request, and has all other batteries on. Needs Linux's /proc.
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
from contextlib import ExitStack
from typing import Any

from harness import HERE, cpu_of, load, request, serving

from framework import Project
from framework.testing.databases import Postgres
from framework.testing.servers import Servers

SECRET = "0123456789abcdefghijklmnopqrstuvwxyz" * 2
ENVIRONMENT = {
    "DEBUG": "0",
    "SECRET_KEY": SECRET,
    "ALLOWED_HOSTS": "localhost,127.0.0.1",
    "PYTHONPATH": f"{HERE}:{HERE / 'peers'}",
    # A connection for each that the load uses, so that nobody opens and closes any meanwhile.
    "DATABASE__POOL_SIZE": "16",
    "DATABASE__MAX_OVERFLOW": "0",
    "DB_POOL_SIZE": "16",
    "DB_MAX_OVERFLOW": "0",
}


async def log_in() -> str:
    """Make a user, and return an access token of theirs that outlives the run."""
    from members.settings import MembersSettings

    from framework.auth import Tokens, Users

    project = Project(MembersSettings())
    async with project.lifespan(), project.scope() as scope:
        user = await (await scope.get(Users)).create(email="ann@example.com", full_name="Ann Example")
        return (await (await scope.get(Tokens)).issue(user)).access_token


def guides_token() -> str:
    """Return a token as the guide makes it, for its first user."""
    sys.path.insert(0, str(HERE / "peers"))
    import guide

    return guide.create_access_token(1)


def measure(servers: dict[str, tuple[int, int, bytes]], rounds: int, count: int) -> dict[str, list[float]]:
    """Return the CPU seconds of each server for `count` requests, in turns."""
    taken: dict[str, list[float]] = {name: [] for name in servers}
    for turn in range(rounds + 1):
        for name, (pid, port, raw) in servers.items():
            before = cpu_of(pid)
            load(port, raw, count=count)
            if turn:  # the first turn warms up
                taken[name].append(cpu_of(pid) - before)
    return taken


def main() -> None:
    """Run the benchmark and print a line for each of ours."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=1600)
    given = parser.parse_args()
    with ExitStack() as stack:
        servers = Servers()
        stack.callback(servers.close)
        postgres = Postgres(lambda: servers.url("postgres"), "benchmark")
        url = postgres.create()
        stack.callback(postgres.drop, url)
        environment = {**ENVIRONMENT, "DATABASE_URL": url, "AUTH__TOKENS__ACCESS_TTL": "86400"}
        os.environ.update(environment)
        sys.path[:0] = [str(HERE)]
        subprocess.run(
            [sys.executable, "members/manage.py", "migrate"], cwd=HERE, check=True, stdout=subprocess.DEVNULL
        )
        ours, theirs = asyncio.run(log_in()), guides_token()

        def start(target: str, probe: str, path: str, token: str, **more: str) -> tuple[int, int, bytes]:
            served = serving(target, folder=HERE, environment={**environment, **more}, probe=probe)
            pid, port = stack.enter_context(served)
            return pid, port, request("GET", path, Authorization=f"Bearer {token}")

        running: dict[str, Any] = {
            "guide": start("guide:app", "/hello", "/me", theirs),
            "read every time": start("members.asgi:app", "/health/live", "/auth/me", ours),
            "remembered": start("members.asgi:app", "/health/live", "/auth/me", ours, AUTH__USER_CACHE__SECONDS="30"),
        }
        taken = measure(running, given.rounds, given.requests)
    micros = {name: statistics.median(series) / given.requests * 1e6 for name, series in taken.items()}
    print(f"{'/me against the guide':<34} {'less CPU':>8}   (min to max), microseconds a request")
    print(f"{'guide':<34} {'1.0':>8}   {micros['guide']:29.0f}")
    for name in ("read every time", "remembered"):
        times = [other / mine for mine, other in zip(taken[name], taken["guide"], strict=True)]
        spread = f"({min(times):.1f} to {max(times):.1f})"
        print(f"{name:<34} {statistics.median(times):8.1f}   {spread:<16} {micros[name]:12.0f}")


if __name__ == "__main__":
    main()
