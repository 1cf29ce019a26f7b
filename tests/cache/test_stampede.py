"""Everybody asks at once, in several processes, and one computes."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from framework.cache import RedisCache

SCRIPT = Path(__file__).parent / "stampede.py"


@pytest.mark.timeout(120)
async def test_500_callers_in_4_processes_compute_once_by_function_and_route_with_and_without_memory(
    redis_url: str,
) -> None:
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            *(str(SCRIPT), "125", "4"),
            stdout=asyncio.subprocess.PIPE,
            env={**os.environ, "COUNTING": redis_url},
        )
        for _ in range(4)
    ]
    outputs = [(await process.communicate())[0].decode().strip() for process in started]
    assert outputs == ["125 125 125 125"] * 4
    counting = RedisCache(redis_url, prefix="counting:", timeout=10)
    ways = [f"computed {way} {near}" for way in ("function", "route") for near in (0, 1)]
    assert await counting.get_many(ways, int) == dict.fromkeys(ways, 1)
    await counting.close()
