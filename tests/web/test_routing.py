"""Where routes stand, what they are called, and who claims what."""

import logging

import httpx
import pytest

from framework.errors import FrameworkError, ImproperlyConfigured, NoReverseMatch
from framework.web import WebSettings, create_app, reverse, routes

POSTS = """
from fastapi import APIRouter, Request, WebSocket
from framework.web import reverse

router = APIRouter(prefix="/posts")

@router.get("/")
def all(): return []

@router.get("/{id}")
def read(id: int): return id

@router.get("/{id}/files/{path:path}")
def file(id: int, path: str): return path

@router.websocket("/live")
async def live(websocket: WebSocket): ...

@router.get("/links/{id}")
def links(id: int, request: Request):
    return [reverse("blog:read", id=id), str(request.url_for("blog:read", id=id)), str(request.url_for("read", id=id))]
"""


def test_routers_are_mounted_as_they_read_under_the_prefix(build, write):
    write("blog", routes=POSTS)
    project = build("blog", web=WebSettings(prefix="/api"))
    found = [(route.methods, route.path, route.name, route.app) for route in routes(project)]
    assert found == [
        (("GET",), "/api/posts/", "blog:all", "blog"),
        (("GET",), "/api/posts/{id}", "blog:read", "blog"),
        (("GET",), "/api/posts/{id}/files/{path}", "blog:file", "blog"),
        (("WS",), "/api/posts/live", "blog:live", "blog"),
        (("GET",), "/api/posts/links/{id}", "blog:links", "blog"),
    ]


def test_a_route_knows_where_it_was_written(build, write, tmp_path):
    write("blog", routes=POSTS)
    read = next(route for route in routes(build("blog")) if route.name == "blog:read")
    assert read.where == f"{tmp_path}/apps/blog/routes.py:10"
    assert read.access == ""


async def test_an_app_can_be_mounted_elsewhere(build, write, client):
    write("blog", routes=POSTS)
    write(
        "probe",
        routes="""
        from fastapi import APIRouter
        mount = '/'
        router = APIRouter()
        @router.get('/probe')
        def probe(): return 1
        """,
    )
    project = build("blog", "probe", web=WebSettings(prefix="/api", mounts={"blog": "/weblog"}))
    async with client(project) as http:
        assert (await http.get("/weblog/posts/7")).json() == 7
        assert (await http.get("/api/posts/7")).status_code == 404
        assert (await http.get("/probe")).json() == 1
    moved = build("blog", "probe", web=WebSettings(mounts={"probe": "/deep"}))
    assert routes(moved).reverse("probe:probe") == "/deep/probe"


async def test_the_project_may_leave_the_routes_of_an_app_out(build, write, client):
    write("blog", routes=POSTS)
    project = build("blog", web=WebSettings(mounts={"blog": None}))
    async with client(project) as http:
        assert (await http.get("/posts/7")).status_code == 404
        assert "/posts/{id}" not in (await http.get("/openapi.json")).json()["paths"]
    assert list(routes(project)) == []
    by_variable = WebSettings.model_validate({"mounts": {"blog": None}})
    assert by_variable.mounts == {"blog": None}


def test_a_mount_of_an_unknown_app_is_an_error(build, write):
    write("blog", routes=POSTS)
    with pytest.raises(ImproperlyConfigured) as error:
        create_app(build("blog", web=WebSettings(mounts={"blgo": "/b"})))
    assert str(error.value) == (
        "web.mounts names 'blgo', which is no installed app.\n  Hint: Did you mean 'blog'?  [web.mounts]"
    )


@pytest.mark.parametrize("prefix", ["api", "/api/"])
def test_a_prefix_begins_with_a_slash_and_ends_without(prefix):
    with pytest.raises(ValueError, match="write it as '/api'"):
        WebSettings(prefix=prefix)


def test_mounting_writes_nothing_on_shared_routers(build, write):
    write("blog", routes=POSTS)
    one, two = build("blog", web=WebSettings(prefix="/one")), build("blog", web=WebSettings(prefix="/two"))
    from blog.routes import router

    before = [dict(vars(route)) for route in router.routes]
    state = {name: value for name, value in vars(router).items() if name != "routes"}
    apps = [create_app(one), create_app(two)]
    assert [app.url_path_for("blog:read", id=1) for app in apps] == ["/one/posts/1", "/two/posts/1"]
    assert [dict(vars(route)) for route in router.routes] == before
    assert {name: value for name, value in vars(router).items() if name != "routes"} == state


async def test_names_work_within_a_request(build, write, client):
    write("blog", routes=POSTS)
    async with client(build("blog", web=WebSettings(prefix="/api"))) as http:
        assert (await http.get("/api/posts/links/3")).json() == [
            "/api/posts/3",
            "http://localhost/api/posts/3",
            "http://localhost/api/posts/3",
        ]


async def test_reverse_includes_the_path_of_a_proxy(build, write, client):
    write("blog", routes=POSTS)
    app = create_app(build("blog"))
    app.root_path = "/behind"
    async with client(app) as http:
        assert (await http.get("/posts/links/3")).json()[:2] == ["/behind/posts/3", "http://localhost/behind/posts/3"]


@pytest.mark.parametrize(
    ("name", "params", "path"),
    [
        ("blog:all", {}, "/posts/"),
        ("blog:read", {"id": 1}, "/posts/1"),
        ("blog:read", {"id": "ü/?"}, None),
        ("blog:read", {"id": "a b?#ü"}, "/posts/a%20b%3F%23%C3%BC"),
        ("blog:file", {"id": 1, "path": "a/b c.txt"}, "/posts/1/files/a/b%20c.txt"),
        ("blog:live", {}, "/posts/live"),
    ],
)
def test_reverse_fills_in_and_quotes(build, write, name, params, path):
    write("blog", routes=POSTS)
    table = routes(build("blog"))
    if path is None:
        with pytest.raises(NoReverseMatch, match="May not contain path separators"):
            table.reverse(name, **params)
    else:
        assert table.reverse(name, **params) == path


@pytest.mark.parametrize(
    ("name", "params", "message"),
    [
        (
            "blog:raed",
            {},
            "Reverse for 'blog:raed' not found. App 'blog' has no route named 'raed'.\n"
            "  Hint: Did you mean 'blog:read'?  [web.reverse]",
        ),
        (
            "blog:xyzzy",
            {},
            "Reverse for 'blog:xyzzy' not found. App 'blog' has no route named 'xyzzy'.\n"
            "  Hint: It has 'blog:all', 'blog:file', 'blog:links', 'blog:live', 'blog:read'.  [web.reverse]",
        ),
        (
            "zz:read",
            {},
            "Reverse for 'zz:read' not found. 'zz' is no app with routes.\n"
            "  Hint: Apps with routes: 'blog'.  [web.reverse]",
        ),
        (
            "read",
            {},
            "Reverse for 'read' not found. 'read' is no 'app:name'.\n"
            "  Hint: Names begin with the app's label: 'blog:read'.  [web.reverse]",
        ),
        (
            "blog:read",
            {},
            "Reverse for 'blog:read' with no arguments not found: /posts/{id} needs 'id'.  [web.reverse]",
        ),
        (
            "blog:read",
            {"pk": 1},
            "Reverse for 'blog:read' with pk=1 not found: /posts/{id} needs 'id' and takes no 'pk'.  [web.reverse]",
        ),
        (
            "blog:read",
            {"id": None},
            "Reverse for 'blog:read' with id=None not found: /posts/{id} does not take id=None.  [web.reverse]",
        ),
    ],
)
def test_reverse_says_what_there_is_instead(build, write, name, params, message):
    write("blog", routes=POSTS)
    with pytest.raises(NoReverseMatch) as error:
        routes(build("blog")).reverse(name, **params)
    assert str(error.value) == message


def test_reverse_outside_a_request_names_the_way():
    with pytest.raises(NoReverseMatch) as error:
        reverse("blog:read", id=1)
    assert error.value.code == "web.no-request"
    assert "routes(project).reverse('blog:read', ...)" in str(error.value)


def test_reverse_refuses_to_guess(build, write):
    write(
        "blog",
        routes="""
        from fastapi import APIRouter
        router = APIRouter()
        @router.get("/a/{id}", name="read")
        def a(id: int): ...
        @router.get("/b/{id}", name="read")
        def b(id: int): ...
        @router.get("/b/{id}/{part}", name="read")
        def c(id: int, part: str): ...
        """,
    )
    table = routes(build("blog"))
    assert table.reverse("blog:read", id=1, part="x") == "/b/1/x"
    with pytest.raises(NoReverseMatch, match="ambiguous: /a/1 and /b/1"):
        table.reverse("blog:read", id=1)


def test_one_name_may_stand_for_several_methods_of_a_path(build, write):
    write(
        "blog",
        routes="""
        from fastapi import APIRouter
        router = APIRouter()
        @router.get("/a/{id}", name="item")
        def a(id: int): ...
        @router.delete("/a/{id}", name="item")
        def b(id: int): ...
        """,
    )
    assert routes(build("blog")).reverse("blog:item", id=1) == "/a/1"


def test_two_apps_that_claim_one_path_are_an_error(build, write, tmp_path):
    write(
        "one",
        routes="""
        from fastapi import APIRouter
        router = APIRouter()
        @router.get('/x/{id}')
        def read(id: int): ...
        """,
    )
    write(
        "two",
        routes="""
        from fastapi import APIRouter
        router = APIRouter()
        @router.post('/x/{id}')
        def post(id: int): ...

        @router.get('/x/{pk}')
        def get(pk: int): ...
        """,
    )
    with pytest.raises(ImproperlyConfigured) as error:
        create_app(build("one", "two"))
    folder = f"{tmp_path}/apps"
    assert str(error.value) == (
        f"GET /x/{{pk}} is claimed twice: by one:read ({folder}/one/routes.py:4) and by two:get "
        f"({folder}/two/routes.py:7).\n"
        '  Hint: Change one path, or mount an app elsewhere: WebSettings(mounts={"two": "/…"}).  [web.claimed-twice]'
    )
    assert len(routes(build("one", "two", web=WebSettings(mounts={"two": "/two"})))) == 3


def test_the_pages_of_the_api_docs_are_claimed(build, write):
    write(
        "one",
        routes="""
        from fastapi import APIRouter
        router = APIRouter()
        @router.get('/docs')
        def docs(): ...
        """,
    )
    with pytest.raises(ImproperlyConfigured, match="GET /docs is claimed twice: by the API docs"):
        create_app(build("one"))
    create_app(build("one", web=WebSettings(docs={"swagger_url": None})))


def test_a_missing_router_is_named_with_its_file(build, write):
    write(
        "one",
        routes="""
        from fastapi import APIRouter
        api = APIRouter()
        """,
    )
    with pytest.raises(FrameworkError, match=r"one/routes.py defines no `router`"):
        create_app(build("one"))


def test_operation_ids_are_unique(build, write):
    write("blog", routes=POSTS)
    write(
        "shop",
        routes="""
        from fastapi import APIRouter
        router = APIRouter(prefix="/shop")
        goods = APIRouter(prefix="/goods")
        bills = APIRouter(prefix="/bills")
        @goods.get("/{id}")
        def read(id: int): ...
        @bills.get("/{id}")
        def read(id: int): ...
        @bills.api_route("/{id}/both", methods=["PUT", "PATCH"])
        def change(id: int): ...
        @bills.get("/own", operation_id="own")
        def named(): ...
        router.include_router(goods)
        router.include_router(bills)
        """,
    )
    schema = create_app(build("blog", "shop")).openapi()
    ids = sorted(op["operationId"] for item in schema["paths"].values() for op in item.values())
    assert ids == [
        "blog_all",
        "blog_file",
        "blog_links",
        "blog_read",
        "own",
        "shop_change_patch",
        "shop_change_put",
        "shop_read_get_shop_bills_id",
        "shop_read_get_shop_goods_id",
    ]


def test_two_operations_with_one_id_are_an_error(build, write):
    write(
        "a",
        routes="""
        from fastapi import APIRouter
        router = APIRouter()
        @router.get('/1')
        def b_c(): ...
        """,
    )
    write(
        "a_b",
        routes="""
        from fastapi import APIRouter
        router = APIRouter()
        @router.get('/2')
        def c(): ...
        """,
    )
    with pytest.raises(ImproperlyConfigured, match=r"Two operations are called 'a_b_c': a:b_c .* and a_b:c"):
        create_app(build("a", "a_b"))


def test_mounted_applications_of_an_app_work(build, write, serve, tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "a b.txt").write_text("hello")
    write(
        "webfiles",
        routes=f"""
        from contextlib import asynccontextmanager
        from fastapi import APIRouter, FastAPI, Request
        from framework import Project
        from framework.web import Inject, reverse
        from starlette.staticfiles import StaticFiles

        events = []

        @asynccontextmanager
        async def lifespan(app):
            events.append("start")
            yield {{"greeting": "hi"}}
            events.append("stop")

        sub = FastAPI(lifespan=lifespan)

        @sub.get("/inner/{{id}}")
        async def inner(id: int, request: Request, project: Inject[Project]):
            url = request.url_for("webfiles:sub:inner", id=id)
            return [request.state.greeting, reverse("webfiles:sub:inner", id=id), str(url), len(project.apps)]

        router = APIRouter()
        router.mount("/static", StaticFiles(directory={str(tmp_path / "files")!r}), name="static")
        router.mount("/sub", sub, name="sub")
        """,
    )
    project = build("webfiles", web=WebSettings(prefix="/api"))
    app = create_app(project)
    from webfiles.routes import events

    url = serve(app)  # a server, because the state of a lifespan comes with its requests
    assert httpx.get(f"{url}/api/static/a b.txt").text == "hello"
    answer = httpx.get(f"{url}/api/sub/inner/5").json()
    assert answer == ["hi", "/api/sub/inner/5", f"{url}/api/sub/inner/5", 1]
    assert events == ["start"]
    missing = httpx.get(f"{url}/api/sub/nothing")
    assert missing.status_code == 404
    assert missing.headers["x-request-id"]
    serve.stop()
    assert events == ["start", "stop"]
    table = routes(project)
    assert table.reverse("webfiles:static", path="/a b.txt") == "/api/static/a%20b.txt"
    assert [(route.methods, route.path) for route in table] == [
        (("MOUNT",), "/api/static"),
        (("MOUNT",), "/api/sub"),
    ]


async def test_one_function_on_several_paths_is_told_apart(build, client, write, caplog):
    write(
        "twice",
        routes="""
        from fastapi import APIRouter
        inner = APIRouter()
        @inner.get("/a/{id}")
        @inner.get("/b/{id}")
        async def read(id: int): return id
        router = APIRouter()
        router.include_router(inner, prefix="/one")
        router.include_router(inner, prefix="/two")
        """,
    )
    app = create_app(build("twice"))
    app.root_path = "/behind"
    with caplog.at_level(logging.INFO, logger="framework.requests"):
        async with client(app) as http:
            for path in ("/one/a/1", "/behind/one/b/1", "/two/b/1"):
                assert (await http.get(path)).json() == 1
    found = [record.route for record in caplog.records if record.name == "framework.requests"]
    assert found == ["/one/a/{id}", "/one/b/{id}", "/two/b/{id}"]
    ids = [op["operationId"] for item in app.openapi()["paths"].values() for op in item.values()]
    assert len(set(ids)) == 4
