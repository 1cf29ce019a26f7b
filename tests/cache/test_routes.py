"""Cached routes: the bytes that are kept, what is said to clients, and that nobody gets what is another's."""

import asyncio
import sys
import time
import zlib
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx
import pytest
from opentelemetry.trace import ProxyTracerProvider

from framework import Project, Settings
from framework.cache import Cache, CacheSettings, MemoryCache, cached
from framework.checks import Level, run
from framework.errors import FrameworkError
from framework.throttling import ThrottlingSettings
from framework.web import WebSettings, create_app
from framework.web.settings import TelemetrySettings
from tests.valkey import Server

HEAD = """
from datetime import datetime, UTC
from typing import Annotated
from fastapi import APIRouter, BackgroundTasks, Depends, Header, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse
from pydantic import BaseModel, Field
from framework import service
from framework.cache import Cache, cached
from framework.errors import NotFound
from framework.web import Inject
router = APIRouter()
calls = []
made = []

@service
class Clock:
    def __init__(self):
        made.append(self)

    def now(self):
        calls.append("now")
        return len(calls)

class Item(BaseModel):
    id: int
    price: float | None = None
    title: str = Field(default="t", serialization_alias="name")
"""

CALLERS = """
from framework.errors import Unauthenticated

async def identify(connection):
    key = connection.headers.get("authorization") or connection.headers.get("x-key")
    if key == "bad":
        raise Unauthenticated("invalid")
    return f"user:{key}" if key else None
"""


class SiteProject(Settings):
    web: WebSettings = WebSettings(prefix="/api")
    cache: CacheSettings = CacheSettings()
    throttling: ThrottlingSettings = ThrottlingSettings()


type Build = Callable[..., Project]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Build]:
    """Load a project of the app with these routes."""

    def build(routes: str, *, callers: str = "", folder: str = "", **settings: Any) -> Project:
        forget()
        home = tmp_path / folder
        monkeypatch.syspath_prepend(str(home))
        package = home / "cached_site"
        package.mkdir(parents=True)
        config = "from framework import AppConfig\nclass Config(AppConfig):\n    name = 'cached_site'\n"
        modules = {"__init__": "", "apps": config, "routes": HEAD + dedent(routes)}
        if callers:
            modules["callers"] = callers
        for name, source in modules.items():
            (package / f"{name}.py").write_text(source)
        apps = ("framework.cache", "cached_site")
        settings = {"secret_key": "only for tests " * 4, "installed_apps": apps, **settings}
        project = Project(SiteProject(_environ={}, _env_file=None, **settings))  # pyright: ignore[reportCallIssue]
        project.services.provide(module().Clock)
        return project

    yield build
    forget()


def forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "cached_site"]:
        del sys.modules[name]


def exec_routes(source: str) -> None:
    exec(HEAD.replace("@service", "") + source, {"__name__": "some_routes"})


def module() -> Any:
    import cached_site.routes  # type: ignore[import-not-found]

    return cached_site.routes


@asynccontextmanager
async def client(project: Project) -> AsyncGenerator[httpx.AsyncClient]:
    app = create_app(project)
    transport = httpx.ASGITransport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
    ):
        yield http


LIST = """
@router.get("/items")
@cached(ttl=60)
async def items(clock: Inject[Clock], n: Annotated[int, Query(le=9)] = 1) -> list[Item]:
    clock.now()
    return [Item(id=number) for number in range(n)]
"""


# What is kept ------------------------------------------------------------------------------------------------------


async def test_a_hit_sends_the_stored_bytes_and_makes_no_service(build: Build) -> None:
    async with client(build(LIST)) as http:
        first = await http.get("/api/items", params={"n": 2})
        second = await http.get("/api/items?n=2&unknown=1")
    assert first.json() == [{"id": 0, "price": None, "name": "t"}, {"id": 1, "price": None, "name": "t"}]
    assert second.content == first.content
    assert second.headers["content-type"] == first.headers["content-type"] == "application/json"
    assert len(module().calls) == len(module().made) == 1
    assert second.headers["content-length"] == str(len(second.content))


async def test_parameters_are_validated_and_told_apart(build: Build) -> None:
    async with client(build(LIST)) as http:
        assert (await http.get("/api/items?n=10")).status_code == 422
        assert len((await http.get("/api/items?n=3")).json()) == 3
        assert len((await http.get("/api/items")).json()) == 1
    assert len(module().calls) == 2


async def test_the_description_of_the_api_is_as_without(build: Build) -> None:
    project = build(
        LIST + LIST.replace('"/items"', '"/plain"').replace("@cached(ttl=60)\n", "").replace("def items", "def plain")
    )
    paths = create_app(project).openapi()["paths"]
    kept, plain = paths["/api/items"]["get"], paths["/api/plain"]["get"]
    for operation in (kept, plain):
        operation.pop("operationId")
        operation.pop("summary")
        operation["responses"]["200"]["content"]["application/json"]["schema"].pop("title")
    assert kept == plain
    assert [each["name"] for each in kept["parameters"]] == ["n"]


async def test_options_of_the_route_hold_for_what_is_kept(build: Build) -> None:
    project = build("""
    @router.get("/a", status_code=203, response_model_exclude_none=True, response_model_by_alias=False)
    @cached(ttl=60)
    async def a(response: Response) -> Item:
        response.headers["x-count"] = str(len(calls))
        calls.append(1)
        return Item(id=1)

    @router.get("/page", response_class=HTMLResponse)
    @cached(ttl=60)
    async def page() -> str:
        calls.append(1)
        return "<p>ä</p>"

    @router.get("/own")
    @cached(ttl=60)
    async def own() -> Response:
        calls.append(1)
        return Response("a,b", media_type="text/csv", headers={"x-own": "1"})
    """)
    async with client(project) as http:
        for _ in range(2):
            answer = await http.get("/api/a")
            assert (answer.status_code, answer.json()) == (203, {"id": 1, "title": "t"})
            assert answer.headers.get_list("x-count") == ["0"]
            answer = await http.get("/api/page")
            assert (answer.text, answer.headers["content-type"]) == ("<p>ä</p>", "text/html; charset=utf-8")
            answer = await http.get("/api/own")
            assert (answer.text, answer.headers["content-type"]) == ("a,b", "text/csv; charset=utf-8")
            assert answer.headers["x-own"] == "1"
    assert len(module().calls) == 3


async def test_dependencies_run_on_every_request_and_their_headers_are_sent(build: Build) -> None:
    project = build("""
    def guard(response: Response, key: int = 0):
        calls.append("guard")
        response.headers["x-guard"] = str(len(calls))
        if key == 13:
            raise HTTPException(403)

    @router.get("/a", dependencies=[Depends(guard)])
    @cached(ttl=60)
    async def a() -> int:
        calls.append("a")
        return 1
    """)
    async with client(project) as http:
        assert [(await http.get("/api/a")).headers["x-guard"] for _ in range(3)] == ["1", "3", "4"]
        assert (await http.get("/api/a?key=13")).status_code == 403
    assert module().calls.count("a") == 1


async def test_what_a_dependency_returns_is_part_of_the_key(build: Build) -> None:
    project = build("""
    def tenant(x_tenant: Annotated[str, Header()] = "none") -> str:
        return x_tenant.upper()

    @router.get("/a")
    @cached(ttl=60)
    async def a(tenant: Annotated[str, Depends(tenant)]) -> str:
        calls.append(tenant)
        return tenant
    """)
    async with client(project) as http:
        for name in ("x", "y", "x"):
            answer = await http.get("/api/a", headers={"X-Tenant": name})
            assert answer.json() == name.upper()
            assert "x-tenant" in answer.headers["vary"]
    assert module().calls == ["X", "Y"]


async def test_an_endpoint_that_takes_the_request_is_kept_by_its_address(build: Build) -> None:
    project = build("""
    @router.get("/a")
    @cached(ttl=60, vary=["Host"])
    async def a(request: Request, background: BackgroundTasks) -> str:
        calls.append(1)
        return str(request.url)
    """)
    async with client(project) as http:
        for query in ("?a=1", "?a=2", "?a=1"):
            assert (await http.get(f"/api/a{query}")).json() == f"http://localhost/api/a{query}"
    assert len(module().calls) == 2


async def test_what_is_missing_stays_missing_for_a_while(build: Build) -> None:
    project = build("""
    @router.get("/a")
    @cached(ttl=60, tags=["a"])
    async def a(cache: Inject[Cache]) -> Item:
        calls.append(1)
        raise NotFound("item")
    """)
    async with client(project) as http:
        for _ in range(2):
            answer = await http.get("/api/a")
            assert (answer.status_code, answer.json()["detail"]) == (404, "Item not found.")
        assert len(module().calls) == 1
        cache = project.services.find_value(Cache)
        assert cache is not None
        await cache.invalidate("a")
        await http.get("/api/a")
    assert len(module().calls) == 2


async def test_what_must_not_be_kept_is_not(build: Build) -> None:
    project = build("""
    def route(path):
        def add(function):
            return router.get(path)(cached(ttl=60)(function))
        return add

    @route("/cookie")
    async def cookie(response: Response) -> int:
        calls.append("/cookie")
        response.set_cookie("a", "b")
        return 1

    @route("/private")
    async def private(response: Response) -> int:
        calls.append("/private")
        response.headers["cache-control"] = "private, max-age=5"
        return 1

    @route("/stream")
    async def stream() -> StreamingResponse:
        calls.append("/stream")
        return StreamingResponse(iter([b"a", b"b"]))

    @route("/teapot")
    async def teapot() -> Response:
        calls.append("/teapot")
        return Response("no", 418)

    @route("/task")
    async def task(background: BackgroundTasks) -> int:
        background.add_task(calls.append, "/task")
        return 1
    """)
    async with client(project) as http:
        for path in ("/cookie", "/private", "/stream", "/teapot", "/task"):
            for number in range(2):
                answer = await http.get(f"/api{path}")
                assert "etag" not in answer.headers
                assert module().calls.count(path) == number + 1
            if path == "/private":
                assert answer.headers.get_list("cache-control") == ["private, max-age=5"]
            else:
                assert answer.headers["cache-control"] == "private, no-cache"
        assert (await http.get("/api/stream")).content == b"ab"


async def test_other_methods_are_not_cached(build: Build) -> None:
    project = build("""
    @router.api_route("/a", methods=["GET", "POST"])
    @cached(ttl=60)
    async def a(clock: Inject[Clock]) -> int:
        return clock.now()
    """)
    async with client(project) as http:
        assert [(await http.post("/api/a")).json() for _ in range(2)] == [1, 2]
        assert [(await http.get("/api/a")).json() for _ in range(2)] == [3, 3]


async def test_one_function_on_two_routes_has_a_response_on_each(build: Build) -> None:
    project = build("""
    class Public(BaseModel):
        name: str

    class Full(Public):
        secret: str

    @cached(ttl=60)
    async def item() -> Full:
        calls.append(1)
        return Full(name="n", secret="s3cr3t")

    router.get("/full", response_model=Full)(item)
    router.get("/public", response_model=Public)(item)
    router.get("/short", response_model_exclude={"secret"})(item)
    router.get("/{any}", status_code=203)(item)

    def add(path):
        @router.get(path)
        @cached(ttl=60)
        async def named() -> str:
            return path

    for path in ("/loop/a", "/loop/b"):
        add(path)
    """)
    full, public = {"name": "n", "secret": "s3cr3t"}, {"name": "n"}
    wanted = {"full": full, "public": public, "short": public, "x": full, "loop/a": "/loop/a", "loop/b": "/loop/b"}
    async with client(project) as http:
        for _ in range(2):
            assert {path: (await http.get(f"/api/{path}")).json() for path in wanted} == wanted
        assert (await http.get("/api/x")).status_code == 203
    assert len(module().calls) == 4


async def test_a_route_whose_model_changed_with_a_release_is_made_anew(build: Build) -> None:
    """The same project before and after, on one cache."""
    routes = """
    class Account(BaseModel):
        name: str = "n"
        password_hash: str = "h"

    @router.get("/a"{options})
    @cached(ttl=60)
    async def a() -> Account:
        return Account()
    """
    cache, told = MemoryCache(), list[Any]()
    dropped = routes.replace('        password_hash: str = "h"\n', "")
    other = routes.replace("{options})", ", response_model_exclude={'name'})")
    for number, source in enumerate([routes, routes, dropped, other]):
        project = build(source.replace("{options}", ""), folder=f"release_{number}")
        project.services.value(Cache, cache)
        async with client(project) as http:
            told.append((await http.get("/api/a")).json())
            assert (await http.get("/api/a")).json() == told[-1]
    assert told[2:] == [{"name": "n"}, {"password_hash": "h"}]
    assert len(cache) == 3  # the second release is as the first


async def test_what_an_application_within_the_project_answers_is_filtered_and_private(build: Build) -> None:
    project = build("""
    from fastapi import FastAPI

    class Full(BaseModel):
        id: int
        secret: str

    class Public(BaseModel):
        id: int

    inner = FastAPI()

    @inner.get("/a/{id}", response_model=Public)
    @cached(ttl=60)
    async def a(id: int) -> Full:
        calls.append(id)
        return Full(id=id, secret="s3cr3t")

    router.mount("/inner", inner)
    """)
    async with client(project) as http:
        for _ in range(2):
            for number in (1, 2):
                answer = await http.get(f"/api/inner/a/{number}")
                assert answer.json() == {"id": number}
                assert answer.headers["cache-control"] == "private, max-age=59"
    assert module().calls == [1, 2]


async def test_head_and_get_have_a_response_each(build: Build) -> None:
    project = build("""
    @router.api_route("/a", methods=["GET", "HEAD"])
    @cached(ttl=60, shared=True)
    async def a(request: Request) -> Response:
        return Response(b"" if request.method == "HEAD" else b"body")
    """)
    async with client(project) as http:
        for _ in range(2):
            assert (await http.head("/api/a")).content == b""
            assert (await http.get("/api/a")).content == b"body"


async def test_keys_are_short_whatever_is_sent(build: Build) -> None:
    project = build("""
    @router.get("/a")
    @cached(ttl=60, vary=["X-A"])
    async def a(request: Request) -> str:
        return "a"
    """)
    cache = MemoryCache()
    project.services.value(Cache, cache)
    async with client(project) as http:
        await http.get("/api/a", params={"q": "x" * 9000}, headers={"X-A": "y" * 9000})
    assert len(cache) == 1
    assert max(map(len, cache._entries)) < 200


SOMETIMES_KEPT = """
import asyncio
state = {"now": 0, "most": 0, "keeps": False}

@router.get("/a")
@cached(ttl=60)
async def a(response: Response) -> int:
    calls.append(1)
    state["now"] += 1
    state["most"] = max(state["most"], state["now"])
    if not state["keeps"]:
        response.headers["cache-control"] = "no-store"
    await asyncio.sleep(0.2)
    state["now"] -= 1
    return 1
"""


@pytest.mark.parametrize("near", [None, False, True], ids=["memory", "server", "near copies"])
async def test_responses_that_are_never_kept_wait_for_nobody_in_no_process(
    build: Build, server: Server, near: bool | None
) -> None:
    cache = CacheSettings() if near is None else CacheSettings(url=server.url, near=near, timeout=10)
    project = build(SOMETIMES_KEPT, cache=cache)
    one, other = project, (project if near is None else Project(project.settings))
    async with client(one) as http, client(other) as elsewhere:
        await http.get("/api/a")
        await asyncio.gather(*(each.get("/api/a") for each in (http, elsewhere) for _ in range(3)))
        assert module().state["most"] == 6
        module().state["keeps"] = True
        for each in (elsewhere, http):  # it is kept from then on
            await each.get("/api/a")
        module().calls.clear()
        await asyncio.sleep(0.2)  # near copies are told
        assert [(await each.get("/api/a")).json() for each in (http, elsewhere)] == [1, 1]
        assert module().calls == []


async def test_of_many_that_wait_for_a_response_that_is_not_kept_none_goes_alone(build: Build, server: Server) -> None:
    project = build(SOMETIMES_KEPT, cache=CacheSettings(url=server.url, timeout=10))
    async with client(project) as http, client(Project(project.settings)) as elsewhere:
        await asyncio.gather(*(each.get("/api/a") for each in (http, elsewhere) for _ in range(4)))
    assert module().state["most"] >= 6  # all but the first, which the others waited for


async def test_a_response_that_nobody_else_may_have_takes_the_place_of_the_old_one(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    project = build("""
    @router.get("/a")
    @cached(ttl=0.1, stale=60)
    async def a(response: Response) -> str:
        if calls:
            response.headers["cache-control"] = "private"
        calls.append(1)
        return f"{len(calls)}"
    """)
    async with client(project) as http:
        assert (await http.get("/api/a")).json() == "1"
        await asyncio.sleep(0.12)
        while (found := await http.get("/api/a")).json() == "1":  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)  # it is made anew in the background
        assert found.headers["cache-control"] == "private"
    assert [record.message for record in caplog.records if record.exc_info] == []


# What clients are told ---------------------------------------------------------------------------------------------


async def test_clients_that_have_it_get_no_body(build: Build) -> None:
    async with client(build(LIST)) as http:
        first = await http.get("/api/items")
        etag = first.headers["etag"]
        for condition in (etag, f'"other", {etag}', "*", etag.removeprefix("W/")):
            answer = await http.get("/api/items", headers={"If-None-Match": condition})
            assert (answer.status_code, answer.content) == (304, b"")
            assert answer.headers["etag"] == etag
            assert answer.headers["vary"].startswith(first.headers["vary"])
            assert "content-type" not in answer.headers
        assert (await http.get("/api/items", headers={"If-None-Match": '"other"'})).status_code == 200
        assert (await http.get("/api/items?n=2")).headers["etag"] != etag


async def test_how_long_clients_may_keep_it_is_the_rest_of_its_time_and_nothing_with_tags(build: Build) -> None:
    project = build("""
    @router.get("/plain")
    @cached(ttl=60)
    async def plain() -> int:
        return 1

    @router.get("/tagged")
    @cached(ttl=60, tags=["a"])
    async def tagged() -> int:
        return 1

    @router.get("/told")
    @cached(ttl=60, tags=["a"], max_age=5)
    async def told() -> int:
        return 1

    @router.get("/ever")
    @cached(ttl=0)
    async def ever() -> int:
        return 1
    """)
    async with client(project) as http:
        controls = {
            path: (await http.get(f"/api/{path}")).headers["cache-control"]
            for path in ("plain", "tagged", "told", "ever")
        }
    assert controls == {
        "plain": "public, max-age=59",
        "tagged": "public, no-cache",
        "told": "public, max-age=5",
        "ever": "public, no-cache",
    }


async def test_the_tag_that_an_endpoint_gives_is_the_one_that_counts(build: Build) -> None:
    project = build("""
    @router.get("/a")
    @cached(ttl=60)
    async def a(response: Response) -> str:
        response.headers["ETag"] = '"v,1"'
        return "x"
    """)
    async with client(project) as http:
        for _ in range(2):
            assert (await http.get("/api/a")).headers.get_list("etag") == ['"v,1"']
        for condition, status in (('"v,1"', 304), ('"other", W/"v,1"', 304), ('"v"', 200)):
            assert (await http.get("/api/a", headers={"If-None-Match": condition})).status_code == status


async def test_of_what_an_endpoint_lets_clients_keep_they_are_told_the_age(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = build("""
    @router.get("/a")
    @cached(ttl=60)
    async def a(response: Response) -> str:
        response.headers["cache-control"] = "public, max-age=50"
        return "x"

    @router.get("/dep")
    @cached(ttl=60)
    async def dep(response: Response, n: Annotated[int, Depends(lambda: 1)]) -> str:
        response.headers["cache-control"] = "public, max-age=50"
        return "x"
    """)
    now = time.time()
    async with client(project) as http:
        for path in ("/api/a", "/api/dep"):
            assert "age" not in (await http.get(path)).headers
            with monkeypatch.context() as patch:
                patch.setattr(time, "time", lambda: now + 20.5)
                answer = await http.get(path)
            assert (answer.headers["age"], answer.headers["cache-control"]) == ("20", "public, max-age=50")


async def test_a_304_says_that_its_200_differs_by_encoding(build: Build) -> None:
    project = build("""
    @router.get("/a")
    @cached(ttl=60)
    async def a() -> str:
        return "x" * 3000
    """)
    async with client(project) as http:
        for encoding in ("gzip", "identity"):
            first = await http.get("/api/a", headers={"Accept-Encoding": encoding})
            assert first.headers["vary"] == "Authorization, Cookie, Accept-Encoding"
            condition = {"Accept-Encoding": encoding, "If-None-Match": first.headers["etag"]}
            second = await http.get("/api/a", headers=condition)
            assert (second.status_code, second.headers["vary"]) == (304, first.headers["vary"])


async def test_what_is_kept_is_compressed_once_and_anew_when_it_was_made_anew(
    build: Build, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = build("""
    @router.get("/a")
    @cached(ttl=60, tags=["a"])
    async def a() -> str:
        calls.append(1)
        return f"{len(calls)}" * 3000
    """)
    compressions: list[Any] = []
    compressobj: Any = zlib.compressobj
    monkeypatch.setattr(zlib, "compressobj", lambda *args: compressions.append(args) or compressobj(*args))
    cache = project.services.find_value(Cache)
    assert cache is not None
    async with client(project) as http:
        for number in (1, 2):
            for _ in range(4):
                answer = await http.get("/api/a")
                assert answer.json() == f"{number}" * 3000
                assert answer.headers["content-encoding"] == "gzip"
                condition = {"If-None-Match": answer.headers["etag"]}
                assert (await http.get("/api/a", headers=condition)).status_code == 304
            assert len(compressions) == number
            await cache.invalidate("a")


# Whose it is -------------------------------------------------------------------------------------------------------

WHO = """
@router.get("/who")
@cached(ttl=60{options})
async def who(request: Request) -> str:
    calls.append(1)
    told = [request.headers.get(name) for name in ("authorization", "x-key", "cookie")]
    return next(filter(None, told), "nobody")
"""

CREDENTIALS = [{"Authorization": "a"}, {"Authorization": "b"}, {"Cookie": "session=c"}, {"X-Key": "d"}, {}]


async def test_who_says_who_they_are_gets_a_response_of_their_own(build: Build) -> None:
    async with client(build(WHO.format(options=", vary=['Host']"), callers=CALLERS)) as http:
        for _ in range(2):
            for headers in CREDENTIALS:
                answer = await http.get("/api/who", headers=headers)
                assert answer.json() == next(iter(headers.values()), "nobody")
                assert answer.headers["cache-control"].startswith("private" if headers else "public")
                assert answer.headers["vary"] == "Host, Authorization, Cookie"
    assert len(module().calls) == 9  # only nobody's was kept


async def test_without_an_app_that_knows_users_credentials_are_private_all_the_same(build: Build) -> None:
    async with client(build(WHO.format(options=", vary=['user', 'Host']"))) as http:
        for _ in range(2):
            for headers in CREDENTIALS[:3]:
                answer = await http.get("/api/who", headers=headers)
                assert answer.json() == next(iter(headers.values()))
                assert answer.headers["cache-control"] == "private, no-cache"
    assert len(module().calls) == 6


async def test_varying_by_user_keeps_one_for_each(build: Build) -> None:
    async with client(build(WHO.format(options=", vary=['user', 'Host']"), callers=CALLERS)) as http:
        for _ in range(3):
            for headers in ({"Authorization": "a"}, {"Authorization": "b"}, {"X-Key": "d"}, {}):
                answer = await http.get("/api/who", headers=headers)
                assert answer.json() == next(iter(headers.values()), "nobody")
                assert answer.headers["cache-control"].startswith("private" if headers else "public")
                assert answer.headers["vary"] == "Host, Authorization, Cookie"
        assert len(module().calls) == 4
        for headers in ({"Authorization": "bad"}, {"Cookie": "session=c"}):  # who that is, nobody knows
            for _ in range(2):
                assert (await http.get("/api/who", headers=headers)).json() == next(iter(headers.values()))
    assert len(module().calls) == 8


async def test_what_is_said_to_be_the_same_for_all_is_kept_for_all(build: Build) -> None:
    async with client(build(WHO.format(options=", shared=True"), callers=CALLERS)) as http:
        for headers in ({"Authorization": "a"}, {"Authorization": "b"}, {}):
            answer = await http.get("/api/who", headers=headers)
            assert answer.json() == "a"
            assert answer.headers["cache-control"].startswith("public")
            assert "vary" not in answer.headers


async def test_varying_by_a_header_keeps_one_for_each_value(build: Build) -> None:
    project = build("""
    @router.get("/hello")
    @cached(ttl=60, vary=["Accept-Language"])
    async def hello(request: Request) -> str:
        calls.append(1)
        return request.headers.get("accept-language", "none")
    """)
    async with client(project) as http:
        for _ in range(2):
            for language in ("de", "en"):
                answer = await http.get("/api/hello", headers={"Accept-Language": language})
                assert answer.json() == language
                assert answer.headers["vary"] == "Accept-Language, Authorization, Cookie"
    assert len(module().calls) == 2


async def test_headers_are_told_apart_whatever_they_hold(build: Build) -> None:
    project = build("""
    @router.get("/a")
    @cached(ttl=60, vary=["X-A", "X-B"])
    async def a(request: Request) -> list[list[str]]:
        return [request.headers.getlist("x-a"), request.headers.getlist("x-b")]
    """)
    sent: list[list[tuple[str, str]]] = [
        [("X-A", "a|X-B=b"), ("X-B", "c")],
        [("X-A", "a"), ("X-B", "b|X-B=c")],
        [("X-A", "a"), ("X-A", "b")],
        [("X-A", "a, b")],
        [("X-A", "")],
        [],
    ]
    async with client(project) as http:
        for _ in range(2):
            for headers in sent:
                told = (await http.get("/api/a", headers=headers)).json()
                assert told == [[value for name, value in headers if name == kind] for kind in ("X-A", "X-B")]


async def test_the_request_and_a_response_that_differs_by_more_than_is_said_are_not_kept(build: Build) -> None:
    project = build("""
    @router.get("/a")
    @cached(ttl=60, vary=["X-A"])
    async def a(request: Request, response: Response, x_own: Annotated[str, Header()] = "") -> str:
        response.headers["Vary"] = request.headers["x-a"]
        return request.headers.get("accept-language", "none")
    """)
    async with client(project) as http:
        for vary in ("Accept-Language", "X-A, accept-language", "*"):
            for language in ("de", "en"):
                answer = await http.get("/api/a", headers={"Accept-Language": language, "X-A": vary})
                assert (answer.json(), answer.headers["cache-control"]) == (language, "private, no-cache")
        for language in ("de", "en"):
            answer = await http.get("/api/a", headers={"Accept-Language": language, "X-A": "x-a, X-Own, Cookie"})
            assert answer.json() == "de"

    for arguments in ("", "ttl=60", "vary='user'"):
        with pytest.raises(FrameworkError, match="takes the request") as caught:
            exec_routes(f"@cached({arguments})\nasync def a(request: Request) -> str:\n    return 'a'")
        assert caught.value.code == "cache.vary"


async def test_for_each_user_and_the_same_for_all_is_refused() -> None:
    with pytest.raises(FrameworkError, match="for each user, and the same for all") as caught:
        cached(vary=["user"], shared=True)
    assert caught.value.code == "cache.vary"


SCHEMES = """
from fastapi.security import APIKeyCookie, APIKeyHeader, APIKeyQuery, HTTPBasic

def told(scheme):
    def of(key: Annotated[object, Depends(scheme)]) -> str:
        return str(key)
    return of

def route(path, scheme, **options):
    @router.get(path)
    @cached(ttl=60, **options)
    async def a(key: Annotated[str, Depends(told(scheme))]) -> str:
        calls.append(path)
        return key

for path, scheme in (
    ("/header", APIKeyHeader(name="X-API-Key", auto_error=False)),
    ("/cookie", APIKeyCookie(name="session", auto_error=False)),
    ("/query", APIKeyQuery(name="api_key", auto_error=False)),
    ("/basic", HTTPBasic(auto_error=False)),
):
    route(path, scheme)
    route(f"{path}/shared", scheme, shared=True)
"""


async def test_what_a_security_scheme_takes_are_credentials(build: Build) -> None:
    async with client(build(SCHEMES)) as http:
        for path, sent in (
            ("header", {"headers": {"X-API-Key": "a"}}),
            ("cookie", {"headers": {"Cookie": "session=a"}}),
            ("query", {"params": {"api_key": "a"}}),
            ("basic", {"headers": {"Authorization": "Basic YTpi"}}),
        ):
            for _ in range(2):
                answer = await http.get(f"/api/{path}", **sent)
                assert "a" in answer.json()
                assert answer.headers["cache-control"] == "private, no-cache"
                said = {name.lower() for name in answer.headers["vary"].split(", ")}
                assert said >= {"authorization", "cookie", *({"x-api-key"} if path == "header" else ())}
            assert module().calls.count(f"/{path}") == 2
            assert (await http.get(f"/api/{path}")).headers["cache-control"] == "public, max-age=59"
            for _ in range(2):
                answer = await http.get(f"/api/{path}/shared", **sent)
                assert answer.headers["cache-control"] == "public, max-age=59"
            assert module().calls.count(f"/{path}/shared") == 1


async def test_what_a_dependency_reads_of_the_request_makes_the_response_private(build: Build) -> None:
    project = build("""
    from starlette.requests import HTTPConnection

    async def session(request: Request) -> str:
        return request.headers.get("x-session", "anon")

    async def near(connection: HTTPConnection) -> str:
        return connection.headers.get("x-session", "anon")

    async def far(near: Annotated[str, Depends(near)]) -> str:
        return near

    def route(path, read, **options):
        @router.get(path)
        @cached(ttl=60, **options)
        async def a(who: Annotated[str, Depends(read)]) -> str:
            calls.append(who)
            return who

    route("/a", session)
    route("/b", far)
    route("/shared", session, shared=True)

    class Names(BaseModel):
        x_session: str = "anon"

    @router.get("/model")
    @cached(ttl=60)
    async def model(names: Annotated[Names, Header()]) -> str:
        calls.append(names.x_session)
        return names.x_session
    """)
    async with client(project) as http:
        for path, control in (("a", "private"), ("b", "private"), ("shared", "public"), ("model", "public")):
            module().calls.clear()
            for who in ("a", "b", "a"):
                answer = await http.get(f"/api/{path}", headers={"X-Session": who})
                assert (answer.json(), answer.headers["cache-control"]) == (who, f"{control}, max-age=59")
            assert module().calls == ["a", "b"]
        assert answer.headers["vary"] == "x-session, Authorization, Cookie"


async def test_a_cookie_that_a_dependency_sets_makes_the_response_private(build: Build) -> None:
    project = build("""
    def session(response: Response):
        response.set_cookie("session", str(len(calls)))

    @router.get("/a", dependencies=[Depends(session)])
    @cached(ttl=60)
    async def a() -> int:
        calls.append(1)
        return 1
    """)
    async with client(project) as http:
        for number in range(2):
            http.cookies.clear()
            answer = await http.get("/api/a")
            assert answer.headers["set-cookie"].startswith(f"session={number}")
            assert answer.headers["cache-control"] == "private, no-cache"
    assert len(module().calls) == 1


async def test_a_cached_route_is_a_function_too(build: Build) -> None:
    project = build(
        LIST
        + """
    @router.get("/varied")
    @cached(vary=["user"])
    async def varied() -> int:
        return 1

    @router.get("/twice")
    async def twice(clock: Inject[Clock]) -> list[Item]:
        await items(clock, 2)
        return await items(clock, 2)
    """.replace("\n    ", "\n")
    )
    async with client(project) as http:
        assert len((await http.get("/api/twice")).json()) == 2
        assert len(module().calls) == 1
    async with project.scope():
        with pytest.raises(Exception, match="varies by user") as caught:
            await module().varied()
    assert getattr(caught.value, "code", "") == "cache.vary"


async def test_a_function_that_a_route_calls_finds_the_cache_without_a_unit_of_work(build: Build) -> None:
    project = build("""
    @cached(ttl=60)
    async def rate(base: str) -> float:
        calls.append(base)
        return 1.5

    @router.get("/rate")
    async def of(base: str) -> float:
        return await rate(base)
    """)
    async with client(project) as http:
        for _ in range(3):
            assert (await http.get("/api/rate?base=EUR")).json() == 1.5
    assert module().calls == ["EUR"]


# What is answered before a route is looked for -----------------------------------------------------------------------


@asynccontextmanager
async def routed(project: Project) -> AsyncGenerator[tuple[httpx.AsyncClient, list[str], Any]]:
    """Yield a client, the paths for which a route was looked for, and the application."""
    app = create_app(project)
    asked: list[str] = []
    router = app.router.middleware_stack

    async def count(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            asked.append(scope["path"])
        await router(scope, receive, send)

    app.router.middleware_stack = count
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost") as http,
    ):
        yield http, asked, app


async def test_what_depends_on_its_address_alone_is_answered_before_a_route_is_looked_for(
    build: Build, caplog: pytest.LogCaptureFixture
) -> None:
    project = build(LIST.replace("ttl=60", "ttl=60, tags=['items']"))
    async with routed(project) as (http, asked, _):
        first = await http.get("/api/items?n=2")
        asked.clear()
        with caplog.at_level("INFO", "framework.requests"):
            second = await http.get("/api/items?n=2")
        *_, line = (record for record in caplog.records if record.name == "framework.requests")
        assert line.__dict__["route"] == "/api/items"
        assert second.content == first.content
        told = {*first.headers} - {"x-request-id"}
        assert {name: second.headers[name] for name in told} == {name: first.headers[name] for name in told}
        assert second.headers["x-request-id"] != first.headers["x-request-id"]
        known = await http.get("/api/items?n=2", headers={"If-None-Match": first.headers["etag"]})
        assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", first.headers["etag"])
        assert "content-length" not in known.headers
        assert not asked

        cache = project.services.find_value(Cache)
        assert cache is not None
        await cache.invalidate("items")
        assert (await http.get("/api/items?n=2")).content == first.content
        assert len(module().calls) == 2
        assert (await http.post("/api/items?n=2")).status_code == 405
        assert (await http.head("/api/items?n=2")).status_code == 405
        assert len(asked) == 3


async def test_a_response_that_is_made_anew_is_told_with_its_own_tag(build: Build) -> None:
    project = build("""
    @router.get("/none", status_code=204)
    @cached(ttl=60)
    async def none() -> None:
        calls.append(1)

    @router.get("/plain")
    @cached(ttl=60, tags=["count"])
    async def plain() -> int:
        calls.append(1)
        return len(calls)
    """)
    async with routed(project) as (http, asked, _):
        cache = project.services.find_value(Cache)
        assert cache is not None
        seen: list[tuple[str, str]] = []
        for _ in range(2):
            for _ in range(3):
                answer = await http.get("/api/plain")
                seen.append((answer.text, answer.headers["etag"]))
            await cache.invalidate("count")
        assert seen[:3] == [seen[0]] * 3
        assert seen[3:] == [seen[3]] * 3
        assert seen[0][0] != seen[3][0]
        assert seen[0][1] != seen[3][1]
        assert asked == ["/api/plain"] * 2

        made = await http.get("/api/plain?by=another")  # the cache keeps one response for both addresses
        answer = await http.get("/api/plain")
        assert (answer.text, answer.headers["etag"]) == (made.text, made.headers["etag"])
        assert answer.text != seen[3][0]
        asked.clear()
        for _ in range(2):
            answer = await http.get("/api/none")
            assert (answer.status_code, answer.content) == (204, b"")
            assert "content-length" not in answer.headers
        assert asked == ["/api/none"]


async def test_credentials_rules_and_dependencies_always_go_the_long_way(build: Build) -> None:
    project = build(
        """
    from framework.web import Public, Rule

    class Open(Rule):
        async def __call__(self):
            calls.append("rule")

    def count():
        calls.append("dependency")

    @router.get("/plain", dependencies=[Public])
    @cached(ttl=60)
    async def plain() -> str:
        calls.append("plain")
        return "nobody's"

    @router.get("/shared")
    @cached(ttl=60, shared=True)
    async def shared() -> str:
        return "everybody's"

    @router.get("/mine")
    @cached(ttl=60, vary=["user"])
    async def mine() -> int:
        calls.append("mine")
        return len(calls)

    ruled = APIRouter(dependencies=[Open()])

    @ruled.get("/ruled")
    @cached(ttl=60)
    async def by_rule() -> int:
        return 1

    router.include_router(ruled)

    @router.get("/depending", dependencies=[Depends(count)])
    @cached(ttl=60)
    async def depending() -> int:
        return 1

    @router.get("/language")
    @cached(ttl=60, vary=["Accept-Language"])
    async def language() -> int:
        return 1
    """,
        callers=CALLERS,
    )
    async with routed(project) as (http, asked, _):
        for _ in range(3):
            for path in ("plain", "shared", "mine", "ruled", "depending", "language"):
                assert (await http.get(f"/api/{path}")).headers["cache-control"].startswith("public")
        long = [asked.count(f"/api/{path}") for path in ("plain", "shared", "mine", "ruled", "depending", "language")]
        assert long == [1, 1, 1, 3, 3, 3]
        assert module().calls.count("rule") == module().calls.count("dependency") == 3
        for headers in ({"Authorization": "a"}, {"Cookie": "a=b"}, {"X-Key": "d"}):
            answer = await http.get("/api/plain", headers=headers)
            assert answer.headers["cache-control"] == "private, no-cache"
            asked.clear()
            assert (await http.get("/api/shared", headers=headers)).headers["cache-control"].startswith("public")
            assert not asked
        assert module().calls.count("plain") == 4
        theirs = {(await http.get("/api/mine", headers={"X-Key": key})).text for key in ("a", "b", "a", "b")}
        assert len(theirs) == 2
        assert (await http.get("/api/mine")).text not in theirs


async def test_defaults_that_are_made_for_each_call_are_made_for_each_call(build: Build) -> None:
    project = build("""
    def today():
        return len(calls)

    class Days(BaseModel):
        day: int = Field(default_factory=today)

    @router.get("/day")
    @cached(ttl=60)
    async def of_day(day: Annotated[int, Query(default_factory=today)]) -> int:
        return day

    @router.get("/days")
    @cached(ttl=60)
    async def of_days(days: Annotated[Days, Query()]) -> int:
        return days.day
    """)
    async with client(project) as http:
        for number in range(3):
            assert (await http.get("/api/day")).json() == (await http.get("/api/days")).json() == number
            module().calls.append(1)


async def test_a_cache_that_is_put_in_the_place_of_another_is_asked(build: Build) -> None:
    project = build(LIST)
    async with client(project) as http:
        for _ in range(2):
            await http.get("/api/items")
        assert len(module().calls) == 1
        project.services.value(Cache, MemoryCache())
        await http.get("/api/items")
        assert len(module().calls) == 2


async def test_an_old_response_is_made_anew_also_when_it_is_sent_without_a_route(build: Build) -> None:
    project = build(LIST.replace("ttl=60", "ttl=0.05, stale=60"))
    async with routed(project) as (http, asked, _):
        await http.get("/api/items")
        async with asyncio.timeout(10):
            while len(module().calls) < 2:
                await http.get("/api/items")
                await asyncio.sleep(0.01)
        assert len(asked) >= 2


async def test_the_requests_that_are_known_are_bounded(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("framework.cache.dependencies.answers.MOST", 2)
    async with routed(build(LIST)) as (http, asked, _):
        for number in (1, 2, 1, 3, 1):
            await http.get(f"/api/items?n={number}")
        assert len(asked) == 3
        await http.get("/api/items?n=2")
        assert len(asked) == 4
        for _ in range(2):
            await http.get(f"/api/items?n=2&long={'x' * 500}")
        assert len(asked) == 6


async def test_addresses_that_strangers_make_up_are_not_remembered(build: Build) -> None:
    async with routed(build(LIST)) as (http, asked, _):
        for query in ("n=1&unknown=1", f"n=1&n={'0' * 600}1", "unknown"):
            for _ in range(3):
                assert (await http.get(f"/api/items?{query}")).status_code == 200
        assert len(asked) == 9
        for _ in range(3):
            await http.get("/api/items?n=1")
        assert len(asked) == 10


async def test_limits_hold_for_what_is_sent_without_a_route(build: Build) -> None:
    apps = ("framework.cache", "framework.throttling", "cached_site")
    project = build(LIST, installed_apps=apps, throttling=ThrottlingSettings(default="3/minute"))
    async with routed(project) as (http, asked, _):
        answers = [await http.get("/api/items") for _ in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert "ratelimit" in answers[2].headers
    assert len(asked) == 1


async def test_a_request_that_is_traced_is_routed_so_that_its_span_learns_the_route(build: Build) -> None:
    web = WebSettings(prefix="/api", telemetry=TelemetrySettings(enabled=True))
    async with routed(build(LIST, web=web)) as (http, asked, app):
        app._native_telemetry.config["tracer_provider"] = ProxyTracerProvider()
        for _ in range(3):
            await http.get("/api/items")
    assert len(asked) == 3


def test_a_route_below_its_cached_is_found_since_it_keeps_nothing(build: Build) -> None:
    project = build("""
        @cached(ttl=60)
        @router.get("/above")
        async def above() -> int:
            return 1

        @router.get("/below")
        @cached(ttl=60)
        async def below() -> int:
            return 1

        @router.get("/plain")
        async def plain() -> int:
            return 1
    """)
    (message,) = run(project, tags=["cache"])
    assert (message.level, message.code) == (Level.WARNING, "cache.above-route")
    assert (
        message.text == "GET /api/above (cached_site:above) keeps nothing: @cached stands above the route's decorator."
    )
    assert message.where is not None
    assert "cached_site/routes.py:" in message.where
