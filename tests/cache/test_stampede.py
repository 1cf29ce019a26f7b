"""Everybody asks at once, in several processes, and one computes."""

import asyncio
import sys
from pathlib import Path

import pytest

from framework.cache import RedisCache

SCRIPT = Path(__file__).parent / "stampede.py"


@pytest.mark.timeout(120)
async def test_500_callers_in_4_processes_compute_once(redis_url: str) -> None:
    started = [
        await asyncio.create_subprocess_exec(
            sys.executable, str(SCRIPT), redis_url, "125", "4", stdout=asyncio.subprocess.PIPE
        )
        for _ in range(4)
    ]
    outputs = [(await process.communicate())[0].decode().strip() for process in started]
    assert outputs == ["125"] * 4
    counting = RedisCache(redis_url, prefix="counting:", timeout=10)
    assert await counting.get("computed", int) == 1
    await counting.close()
