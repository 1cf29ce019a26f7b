"""Redis and PostgreSQL go together, below a project that `runserver` serves in two processes to clients with sockets.

What was answered 201 is there afterwards. The number of entries, which is kept, tells of each at once as long as all is
well, and else within its time to live.
"""

import asyncio
import signal
import subprocess
import time
from pathlib import Path

import asyncpg
import pytest

from tests.resilience.conftest import PostgresServer
from tests.resilience.served import Load, serve
from tests.valkey import Server

TTL = 1.0
SLACK = 1.0
"""What a busy machine may add to the bound."""


class Count(Load):
    """Clients of which some write, and the others ask how many entries there are."""

    def __init__(self, port: int) -> None:
        super().__init__(port)
        self.tried = 0
        self.heard: list[float] = []
        """When each entry was known to be committed."""
        self.reads = 0
        self.oldest = 0.0
        """How long ago an entry was committed, at most, that a number did not tell of."""

    async def client(self, number: int) -> None:
        while True:
            await (self.write() if number % 3 == 0 else self.count())
            await asyncio.sleep(0.01)

    async def write(self) -> None:
        self.tried += 1
        key = str(self.tried)
        if await self.ask("POST", "/entries", 201, json={"key": key, "amount": 1}) is not None:
            self.stored[key] = 1
            self.heard.append(time.monotonic())

    async def count(self) -> None:
        began, before = time.monotonic(), len(self.heard)
        found = await self.ask("GET", "/total", 200)
        if found is None:
            return
        self.reads += 1
        if found > self.tried:
            self.wrong.append(f"{found} entries were counted of {self.tried}")
        if found < before:
            self.oldest = max(self.oldest, began - self.heard[found])


@pytest.mark.timeout(120)
async def test_no_answer_is_older_than_promised_and_no_commit_lost_when_both_servers_go(
    server: Server,
    postgres: PostgresServer,
    own_process: list[subprocess.Popen[str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    admin = await asyncpg.connect(postgres.url)
    await admin.execute("CREATE TABLE vault_entry (id serial PRIMARY KEY, key varchar(50) UNIQUE, amount int)")
    await admin.close()
    apps = '["framework.db", "framework.cache", "framework.health", "vault", "tally"]'
    port = serve(tmp_path, postgres.url, own_process, REDIS_URL=server.url, CACHE__TIMEOUT="0.3", INSTALLED_APPS=apps)
    async with Count(port) as load:
        await asyncio.sleep(1)
        assert (load.oldest, load.wrong) == (0, [])
        recovered = await pull_down(server, postgres, load)
    report = ", ".join(f"{what} {seconds:.2f} s" for what, seconds in recovered.items())
    with capsys.disabled():
        print(f"\n  {len(load.stored)} writes, {load.reads} reads, the oldest {load.oldest:.3f} s old;", end=" ")
        print(f"recovery {report}; {dict(load.problems)}")
    assert load.wrong == []
    assert load.oldest <= TTL + SLACK
    assert load.problems, "the servers were gone, and nobody noticed"
    admin = await asyncpg.connect(postgres.url)
    rows = {row["key"]: row["amount"] for row in await admin.fetch("SELECT key, amount FROM vault_entry")}
    await admin.close()
    assert load.stored.items() <= rows.items()


async def pull_down(server: Server, postgres: PostgresServer, load: Load) -> dict[str, float]:
    """Return how long it took to be well again after each."""
    recovered = {}

    server.kill()
    postgres.kill()
    await asyncio.sleep(0.5)
    server.start()
    await asyncio.to_thread(postgres.start)
    recovered["killed"] = await load.recovery()

    server.pause()
    postgres.signal_all(signal.SIGSTOP)
    await asyncio.sleep(1.5)
    server.resume()
    postgres.signal_all(signal.SIGCONT)
    recovered["paused"] = await load.recovery()

    server.kill()
    await asyncio.to_thread(postgres.stop)
    server.start()
    await asyncio.to_thread(postgres.start)
    recovered["restarted"] = await load.recovery()
    return recovered
