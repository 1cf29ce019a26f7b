"""PostgreSQL is killed, paused and restarted under load, below a project that `runserver` serves in two processes.

What was answered 201 is there afterwards and is read as it was written; all else is a problem that says so, in time;
and when the database is back, so is the project.
"""

import asyncio
import signal
import subprocess
from pathlib import Path

import asyncpg
import pytest

from tests.resilience.conftest import PostgresServer
from tests.resilience.served import Load, serve

LIMIT = 15
"""Seconds that an answer takes at most: the deadline, two to leave a server that hangs, and a loaded machine."""


@pytest.mark.timeout(240)
async def test_no_answer_is_wrong_and_no_commit_lost(
    postgres: PostgresServer,
    own_process: list[subprocess.Popen[str]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    admin = await asyncpg.connect(postgres.url)
    await admin.execute("CREATE TABLE vault_entry (id serial PRIMARY KEY, key varchar(50) UNIQUE, amount int)")
    await admin.close()
    port = serve(tmp_path, postgres.url, own_process)
    async with Load(port) as load:
        recovered = await pull_down(postgres, load)
    report = ", ".join(f"{what} {seconds:.2f} s" for what, seconds in recovered.items())
    with capsys.disabled():
        print(f"\n  {len(load.stored)} writes, the slowest answer {load.slowest:.1f} s; recovery {report}", end="; ")
        print(dict(load.problems))
    assert load.wrong == []
    assert load.problems, "the database was gone, and nobody noticed"
    assert load.slowest < LIMIT
    assert max(recovered.values()) < 20
    await nothing_is_lost(postgres.url, load)


async def pull_down(postgres: PostgresServer, load: Load) -> dict[str, float]:
    """Return how long it took to be well again after each."""
    recovered = {}
    await load.recovery()

    postgres.kill()
    await asyncio.sleep(1.5)
    postgres.start()
    recovered["killed"] = await load.recovery()

    postgres.signal_all(signal.SIGSTOP)
    await asyncio.sleep(7)
    postgres.signal_all(signal.SIGCONT)
    recovered["paused"] = await load.recovery()

    postgres.stop()
    await asyncio.sleep(1)
    postgres.start()
    recovered["restarted"] = await load.recovery()
    return recovered


async def nothing_is_lost(url: str, load: Load) -> None:
    """Look into the database itself: every answered write is there, nothing is at work and no transaction open."""
    admin = await asyncpg.connect(url)
    rows = {row["key"]: row["amount"] for row in await admin.fetch("SELECT key, amount FROM vault_entry")}
    assert load.stored.items() <= rows.items()
    others = "SELECT count(*) FROM pg_stat_activity WHERE datname = 'postgres' AND pid <> pg_backend_pid()"
    for _ in range(200):
        if not await admin.fetchval(f"{others} AND state <> 'idle'"):
            break
        await asyncio.sleep(0.05)
    else:
        pytest.fail("a transaction was left open")
    assert await admin.fetchval(others) <= 2 * 2 * 15  # two processes, a pool to write and one to read in each
    await admin.close()
