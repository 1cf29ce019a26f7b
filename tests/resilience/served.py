"""A project that `runserver` serves in two processes, and clients of it that notice what is wrong."""

import asyncio
import os
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

HERE = Path(__file__).parent
SETTINGS = """
from framework import Settings
from framework.db import DatabaseSettings

class ProjectSettings(Settings):
    installed_apps: tuple[str, ...] = ("framework.log", "framework.db", "framework.health", "vault")
    database: DatabaseSettings = DatabaseSettings()
"""
MANAGE = """
from framework.management import main

if __name__ == "__main__":
    main(settings="config.settings:ProjectSettings")
"""
ENVIRONMENT = {
    "SECRET_KEY": "Zk3-vQx8Lw_9TbR2yHc7NmUe5PaJf0GsDo6WiXt1",
    "DEBUG": "0",
    "DATABASE__CONNECT_TIMEOUT": "2",
    "DATABASE__POOL_TIMEOUT": "2",
    "DATABASE__STATEMENT_TIMEOUT": "2",
    "WEB__TIMEOUTS__DEADLINE": "4",
}
CLIENTS = 12
KNOWN = {"db.unreachable", "db.exhausted", "db.timeout", "overloaded", "deadline_exceeded"}


class Load:
    """Clients that write and read over and over, and what they were told."""

    def __init__(self, port: int) -> None:
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60)
        self.stored: dict[str, int] = {}
        self.problems = Counter[str]()
        self.wrong: list[str] = []
        self.slowest = 0.0
        self._streak, self._streak_began = 0, 0.0
        self._steady = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> "Load":
        self._tasks = [asyncio.create_task(self.client(number)) for number in range(CLIENTS)]
        return self

    async def __aexit__(self, *raised: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        await self.http.aclose()
        self.wrong += [f"a client broke down: {task.exception()!r}" for task in self._tasks if not task.cancelled()]

    async def recovery(self) -> float:
        """Return the seconds from now to the first of forty good answers in a row."""
        moment, self._streak = time.monotonic(), 0
        self._steady.clear()
        async with asyncio.timeout(60):
            await self._steady.wait()
        return self._streak_began - moment

    def _note(self, good: bool) -> None:
        self._streak = self._streak + 1 if good else 0
        if self._streak == 1:
            self._streak_began = time.monotonic()
        if self._streak == 40:
            self._steady.set()

    async def client(self, number: int) -> None:
        turn = 0
        while True:
            turn += 1
            key = f"{number}-{turn}"
            if await self.ask("POST", "/entries", 201, json={"key": key, "amount": turn}) is not None:
                self.stored[key] = turn
            known = list(self.stored)
            if known:
                key = known[hash((number, turn)) % len(known)]
                found = await self.ask("GET", f"/entries/{key}", 200)
                if found is not None and found != {"key": key, "amount": self.stored[key]}:
                    self.wrong.append(f"{key} was read as {found}")

    async def ask(self, method: str, path: str, expected: int, **options: Any) -> Any:
        began = time.monotonic()
        response = await self.http.request(method, path, **options)
        self.slowest = max(self.slowest, time.monotonic() - began)
        self._note(response.status_code == expected)
        if response.status_code == expected:
            return response.json()
        code = response.json()["code"] if "problem" in response.headers["content-type"] else response.text
        self.problems[f"{response.status_code} {code}"] += 1
        if response.status_code not in (503, 504) or code not in KNOWN:
            self.wrong.append(f"{method} {path}: {response.status_code} {response.text}")
        await asyncio.sleep(0.02)
        return None


def serve(folder: Path, url: str, processes: list[subprocess.Popen[str]], **environment: str) -> int:
    """Serve the vault for production, and return the port."""
    (folder / "config").mkdir()
    for name, text in {"manage.py": MANAGE, "config/__init__.py": "", "config/settings.py": SETTINGS}.items():
        (folder / name).write_text(text)
    environ = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL")}
    environ |= ENVIRONMENT | {"DATABASE_URL": url, "PYTHONPATH": str(HERE)} | environment
    with (folder / "output").open("w") as output:
        command = [sys.executable, "manage.py", "runserver", "0", "--workers", "2"]
        processes.append(subprocess.Popen(command, cwd=folder, env=environ, stdout=output, stderr=output, text=True))
    end = time.monotonic() + 90
    while time.monotonic() < end:
        text = (folder / "output").read_text()
        if found := re.search(r"at http://127\.0\.0\.1:(\d+)/", text):
            try:
                if httpx.get(f"http://127.0.0.1:{found[1]}/health/ready", timeout=60).status_code == 200:
                    return int(found[1])
            except httpx.TransportError:
                pass
        time.sleep(0.1)
    raise AssertionError((folder / "output").read_text())
