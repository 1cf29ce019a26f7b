"""Run the cache under load for ten minutes, on request, and tell whether its memory stays flat.

    uv run benchmarks/soak.py [--minutes N]

Values are made, read, invalidated and made anew by many callers, on near copies and a Valkey server of its own.
Ends with an error when memory grew by more than a tenth after the first fifth of the time.
"""

import argparse
import asyncio
import random
import resource
import shutil
import sys
import tempfile
import time
from pathlib import Path

from rows import Row, make_rows

from framework.cache import Cache, MemoryCache, RedisCache, TwoLevelCache
from framework.testing import supervisor
from framework.testing.servers import WHEELS

CALLERS = 50
KEYS = 20_000


def resident() -> float:
    """Return the memory of this process in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


async def call(cache: Cache, until: float) -> int:
    """Use the cache until the time is over, and return how often."""
    calls = 0
    while time.monotonic() < until:
        number = random.randrange(KEYS)

        async def make() -> list[Row]:
            return make_rows(10)

        await cache.get_or_set(f"rows:{number}", make, list[Row], ttl=30, stale=30, tags=["rows", f"row:{number}"])
        if calls % 50 == 0:
            await cache.invalidate(f"row:{number}")
        calls += 1
        await asyncio.sleep(0)
    return calls


async def watch(until: float) -> list[float]:
    """Note the memory ten times a minute."""
    noted: list[float] = []
    while time.monotonic() < until:
        await asyncio.sleep(6)
        noted.append(resident())
        print(f"{noted[-1]:.1f} MB", flush=True)
    return noted


async def run(cache: Cache, minutes: float) -> bool:
    until = time.monotonic() + minutes * 60
    *counts, noted = await asyncio.gather(*(call(cache, until) for _ in range(CALLERS)), watch(until))
    await cache.close()
    settled, last = max(noted[: max(1, len(noted) // 5)]), noted[-1]
    print(f"{sum(map(int, counts))} calls; {settled:.1f} MB after the first fifth, {last:.1f} MB at the end")
    return last <= settled * 1.1


def main() -> None:
    """Run, and tell."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=10)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o711)
    process, url = supervisor.start_valkey(WHEELS["valkey"].find(), folder)
    try:
        cache = TwoLevelCache(MemoryCache(max_entries=5_000), RedisCache(url))
        is_flat = asyncio.run(run(cache, options.minutes))
    finally:
        supervisor.stop(process)
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if is_flat else "memory grew")


if __name__ == "__main__":
    main()
