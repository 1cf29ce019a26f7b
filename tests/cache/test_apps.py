"""The cache as an app: which one a project gets, whether it is well, and its end."""

import asyncio
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from framework import Project, Settings
from framework.cache import Cache, CacheSettings, MemoryCache, NullCache, RedisCache, TwoLevelCache
from framework.errors import ImproperlyConfigured, Unavailable
from framework.web import create_app
from tests.valkey import Server


def project(tmp_path: Path, **environ: str) -> Project:
    apps = ("framework.cache",)
    return Project(Settings(_root=tmp_path, _environ=environ, _env_file=None, _secrets_dir=None, installed_apps=apps))


async def cache_of(made: Project) -> Cache:
    async with made.scope() as scope:
        return await scope.get(Cache)


async def test_without_a_url_the_cache_is_in_memory(tmp_path: Path) -> None:
    assert isinstance(await cache_of(project(tmp_path)), MemoryCache)


@pytest.mark.parametrize("variable", ["REDIS_URL", "CACHE__URL"])
async def test_a_url_makes_it_redis(tmp_path: Path, redis_url: str, variable: str) -> None:
    made = project(tmp_path, **{variable: redis_url, "CACHE__PREFIX": "site:"})
    async with made.lifespan():
        cache = await cache_of(made)
        assert isinstance(cache, RedisCache)
        await cache.set("k", "v")
        assert await cache.get("k") == "v"
        assert cache.key("k") == "site:1:k"
        await made.apps["cache"].health(made)["cache"]()


async def test_settings_choose_near_copies_or_no_cache(tmp_path: Path, redis_url: str) -> None:
    near = await cache_of(project(tmp_path, REDIS_URL=redis_url, CACHE__NEAR="1"))
    assert isinstance(near, TwoLevelCache)
    assert isinstance(near.far, RedisCache)
    assert isinstance(await cache_of(project(tmp_path, REDIS_URL=redis_url, CACHE__ENABLED="0")), NullCache)


async def test_two_projects_share_no_values_in_memory(tmp_path: Path) -> None:
    one, two = project(tmp_path), project(tmp_path)
    await (await cache_of(one)).set("k", "v")
    assert await (await cache_of(two)).get("k") is None


async def test_the_end_of_the_project_closes_the_connection(tmp_path: Path, server: Server) -> None:
    made = project(tmp_path, REDIS_URL=server.url)
    async with made.lifespan():
        await (await cache_of(made)).ping()
        assert server.connections == 1
    assert server.connections == 0


async def test_health_asks_the_cache_that_services_get(tmp_path: Path) -> None:
    class Broken(MemoryCache):
        async def ping(self) -> None:
            raise Unavailable("cache")

    made = project(tmp_path)
    probe = made.apps["cache"].health(made)["cache"]
    assert await probe() is None
    with made.services.override(Cache, Broken()):
        assert await probe() == "the cache does not answer: The service is temporarily unavailable."


def test_a_url_of_something_else_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        project(tmp_path, REDIS_URL="memcached://u:hunter2@h").settings.section(CacheSettings)
    assert caught.value.message == (
        "1 setting cannot be used:\n  cache.url: found 'memcached://u:***@h'; "
        "wanted a URL that starts with redis://, rediss://, unix://, redis+sentinel://, rediss+sentinel://, "
        "redis+cluster:// or rediss+cluster://; from REDIS_URL in the environment"
    )


def test_importing_the_app_and_its_settings_loads_no_client() -> None:
    code = "import sys, framework.cache.apps; from framework.cache import CacheSettings; print('redis' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


async def test_a_project_without_its_server_is_degraded_and_serves_on_and_is_well_by_itself_again(
    tmp_path: Path, server: Server
) -> None:
    environ = {"REDIS_URL": server.url, "CACHE__TIMEOUT": "0.3", "SECRET_KEY": "only for tests " * 4}
    apps = ("framework.cache", "framework.health")
    made = Project(Settings(_root=tmp_path, _environ=environ, _env_file=None, _secrets_dir=None, installed_apps=apps))
    app = create_app(made)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
    ):

        async def status() -> tuple[int, str, str]:
            response = await http.get("/health/ready")
            body = response.json()
            return response.status_code, body["status"], body["checks"]["cache"]["status"]

        assert await status() == (200, "ok", "ok")
        server.kill()
        assert await status() == (200, "degraded", "degraded")
        assert await status() == (200, "degraded", "degraded")
        server.start()
        async with asyncio.timeout(20):
            while await status() != (200, "ok", "ok"):  # noqa: ASYNC110 - nobody tells
                await asyncio.sleep(0.02)
