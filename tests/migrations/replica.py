"""A program: one of several processes that migrate a database. Prints what it does, a line each."""

import asyncio
import os
import sys
from pathlib import Path

from framework.db.url import DatabaseURL
from framework.errors import FrameworkError
from framework.migrations.database.connection import open_engine
from framework.migrations.database.retries import RetryPolicy
from framework.migrations.executor.executor import Executor
from framework.migrations.history.graph import Step
from framework.migrations.history.loader import load_graph


def say(*words: object) -> None:
    # In one piece: several processes write into one pipe.
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def main(url: str, folder: str, mode: str) -> None:
    root = Path(folder)
    graph = load_graph({app: root / app / "migrations" for app in ("blog", "users")})
    engine = open_engine(DatabaseURL.parse(url, root=root))
    executor = Executor(engine, graph, RetryPolicy(0.3, 30))
    applied = await executor.applied()
    steps = graph.forwards(graph.order, applied)
    if mode == "back":
        steps = [Step(graph.nodes[graph.order[-1]], forward=False)]
    try:
        await executor.run(
            steps,
            wait=mode != "no-wait",
            report=lambda step, moment: say(moment, step.migration),
            tell=lambda news: say("news", news),
        )
    except FrameworkError as error:
        say("error", error)
        sys.exit(getattr(error, "exit_code", 1))
    finally:
        await engine.dispose()


def swarm(url: str, folder: str, number: int) -> None:
    """Become several processes, which share what was imported and nothing else, and wait for them all."""
    children: list[int] = []
    for _ in range(number):
        child = os.fork()
        if not child:
            code = 1
            try:
                asyncio.run(main(url, folder, "wait"))
                code = 0
            finally:
                os._exit(code)
        children.append(child)
    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    say("codes", *codes)


if __name__ == "__main__":
    if sys.argv[3].isdecimal():
        swarm(sys.argv[1], sys.argv[2], int(sys.argv[3]))
    else:
        asyncio.run(main(*sys.argv[1:]))
