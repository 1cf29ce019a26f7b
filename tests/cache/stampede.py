"""One process of the stampede: `python stampede.py URL CALLERS PROCESSES`. Prints how many results it got."""

import asyncio
import sys

from framework import Project, Settings
from framework.cache import RedisCache, cached

url, callers, processes = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


@cached(ttl=60)
async def answer() -> list[int]:
    await counting.increment("computed")
    await asyncio.sleep(0.3)
    return [42]


async def main() -> None:
    project = Project(
        Settings(
            _environ={"CACHE__URL": url, "CACHE__TIMEOUT": "20"},
            _env_file=None,
            _secrets_dir=None,
            installed_apps=("framework.cache",),
        )
    )
    async with project.lifespan(), project.scope():
        await counting.increment("ready")
        while await counting.get("ready", int, 0) < processes:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
        results = await asyncio.gather(*(answer() for _ in range(callers)))
    await counting.close()
    print(results.count([42]))


counting = RedisCache(url, prefix="counting:", timeout=20)
asyncio.run(main())
