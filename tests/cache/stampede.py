"""One process of the stampede: `COUNTING=URL python stampede.py CALLERS PROCESSES`.

Prints how many of the callers got the result, for each way to it.
"""

import asyncio
import os
import sys

import httpx
from rush.routes import answer, counting

from framework import Project, Settings
from framework.cache import CacheSettings
from framework.web import WebSettings, create_app

callers, processes = int(sys.argv[1]), int(sys.argv[2])


class SiteSettings(Settings):
    cache: CacheSettings = CacheSettings()
    web: WebSettings = WebSettings()


async def together(step: str) -> None:
    """Wait for the other processes."""
    await counting.increment(step)
    while await counting.get(step, int, 0) < processes:  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.01)


async def rush(near: str) -> list[int]:
    """Return how many got the result of the function, and the response of the route."""
    environ = {
        "CACHE__URL": os.environ["COUNTING"],
        "CACHE__TIMEOUT": "20",
        "CACHE__NEAR": near,
        "WEB__LOAD__INTERVAL": "20",  # of a burst on a busy machine, nothing is to be shed
        "WEB__LOAD__TARGET": "20",
        "SECRET_KEY": "only for tests " * 4,
    }
    apps = ("framework.cache", "rush")
    project = Project(SiteSettings(_environ=environ, _env_file=None, _secrets_dir=None, installed_apps=apps))  # pyright: ignore[reportCallIssue]
    app = create_app(project)
    async with (
        app.router.lifespan_context(app),
        project.scope(),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        await together(f"ready for functions {near}")
        results = await asyncio.gather(*(answer(f"function {near}") for _ in range(callers)))
        await together(f"ready for routes {near}")
        responses = await asyncio.gather(*(http.get(f"/answer/route {near}") for _ in range(callers)))
    return [results.count([42]), [response.json() for response in responses].count([42])]


async def main() -> None:
    print(*await rush("0"), *await rush("1"))
    await counting.close()


asyncio.run(main())
