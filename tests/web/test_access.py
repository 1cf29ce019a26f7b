"""The nearest rule counts: the route's, then the inner router's, then the outer's, then the app's."""

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from framework.errors import ImproperlyConfigured
from framework.web import Public, WebSettings, create_app, routes

RULES = """
from typing import Annotated, Any
from fastapi import APIRouter, Depends, WebSocket
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from framework import service
from framework.errors import PermissionDenied, Unauthenticated
from framework.web import Inject, Public, Rule, route_of

CALLS = []

class Key(Rule):
    async def __call__(self, connection: HTTPConnection):
        CALLS.append(repr(self))
        given = connection.headers.get("x-keys", "").split()
        if not given:
            raise Unauthenticated()
        if not {*self.args} <= {*given}:
            raise PermissionDenied()
        return given

    def security(self, project):
        return {"Keys": {"type": "apiKey", "in": "header", "name": "x-keys"}}

class Chief(Key):
    pass

class MaybeKey(Rule):
    is_open = True
    async def __call__(self, connection: HTTPConnection):
        return connection.headers.get("x-keys", "").split() or None

    security = Key.security

A, B, C, D, ANY, CHIEF = Key("a"), Key("b"), Key("c"), Key("d"), Key(), Chief("chief")
Keys = Annotated[list[str], ANY]
OptionalKeys = Annotated[list[str] | None, MaybeKey()]
"""

NESTED = """
inner = APIRouter(prefix="/inner", dependencies=[C])
open_ = APIRouter(prefix="/open")
router = APIRouter(prefix="/notes", dependencies=[B])
access = A

@router.get("/router")
def by_router(): return 1

@router.get("/route", dependencies=[D])
def by_route(): return 1

@router.get("/public", dependencies=[Public])
def public(): return 1

@router.get("/both", dependencies=[C, D])
def both(): return 1

@inner.get("/router")
def by_inner(): return 1

@inner.websocket("/live")
async def live(websocket: WebSocket):
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()

@open_.get("/include")
def by_include(): return 1

router.include_router(inner, dependencies=[D])
router.include_router(open_, dependencies=[D])
app_only = APIRouter()

@app_only.get("/app")
def by_app(): return 1
"""


@pytest.fixture
def notes(write):
    def notes(source, name="notes"):
        return write(name, routes=RULES + source)

    return notes


def matrix(project):
    return {route.name: route.access for route in routes(project)}


async def statuses(http, path, *keys):
    """Answer what each set of keys gets."""
    return [(await http.get(path, headers={"x-keys": key} if key else {})).status_code for key in keys]


async def first_word(url, keys):
    """Answer what a websocket says first, or the status that it is refused with."""
    try:
        async with connect(url, additional_headers={"x-keys": keys}) as websocket:
            return await websocket.recv()
    except InvalidStatus as error:
        return error.response.status_code


async def test_the_nearest_rule_counts_and_the_farther_do_nothing(build, notes, client):
    project = build(notes(NESTED))
    assert matrix(project) == {
        "notes:by_router": 'Key("b")',
        "notes:by_route": 'Key("d")',
        "notes:public": "Public",
        "notes:both": 'Key("c"), Key("d")',
        "notes:by_inner": 'Key("c")',
        "notes:live": 'Key("c")',
        "notes:by_include": 'Key("d")',
    }
    async with client(project) as http:
        assert await statuses(http, "/notes/router", "", "a c d", "b") == [401, 403, 200]
        assert await statuses(http, "/notes/route", "", "a b c", "d") == [401, 403, 200]
        assert await statuses(http, "/notes/public", "", "z") == [200, 200]
        assert await statuses(http, "/notes/both", "c", "d", "c d") == [403, 403, 200]
        assert await statuses(http, "/notes/inner/router", "", "a b d", "c") == [401, 403, 200]
        assert await statuses(http, "/notes/open/include", "", "a b c", "d") == [401, 403, 200]
    from notes.routes import CALLS

    assert set(CALLS) == {'Key("b")', 'Key("c")', 'Key("d")'}  # never the app's


async def test_the_app_decides_where_nothing_nearer_does(build, notes, client):
    project = build(notes("access = A\nrouter = APIRouter()\n@router.get('/app')\ndef by_app(): return 1"))
    assert matrix(project) == {"notes:by_app": 'Key("a")'}
    async with client(project) as http:
        assert await statuses(http, "/app", "", "b", "a") == [401, 403, 200]


async def test_an_app_may_state_several(build, notes, client):
    project = build(notes("access = [A, B]\nrouter = APIRouter()\n@router.get('/app')\ndef by_app(): return 1"))
    async with client(project) as http:
        assert await statuses(http, "/app", "a", "b", "a b") == [403, 403, 200]


@pytest.mark.parametrize("wrong", ["'login'", "[A, 'login']", "Depends(A)", "Key"])
def test_what_is_no_rule_is_an_error(build, notes, wrong):
    project = build(notes(f"access = {wrong}\nrouter = APIRouter()"))
    with pytest.raises(ImproperlyConfigured, match=r"`access` in .*notes/routes.py is .*; wanted a Rule") as error:
        create_app(project)
    assert error.value.code == "web.access"


def test_no_rule_is_no_rule(build, notes):
    project = build(notes("router = APIRouter()\n@router.get('/')\ndef free(): return 1"))
    assert [(route.access, route.rules) for route in routes(project)] == [("", ())]


PARAMETERS = """
router = APIRouter(prefix="/notes")
closed = APIRouter(prefix="/closed", dependencies=[CHIEF])

@router.get("/asked")
def asked(keys: Keys): return keys

@router.get("/optional")
def optional(keys: OptionalKeys): return keys

def helper(keys: Keys): return keys
def optional_helper(keys: OptionalKeys): return keys

@router.get("/helper")
def by_helper(keys: Annotated[list[str], Depends(helper)]): return keys

@router.get("/optional-helper")
def by_optional_helper(keys: Annotated[Any, Depends(optional_helper)]): return keys

@closed.get("/asked")
def closed_asked(keys: Keys): return keys

@closed.get("/opened")
def opened(keys: OptionalKeys): return keys

@closed.get("/helper")
def closed_helper(keys: Annotated[list[str], Depends(helper)]): return keys

@closed.get("/optional-helper")
def closed_optional_helper(keys: Annotated[Any, Depends(optional_helper)]): return keys

@closed.get("/optional-beside", dependencies=[Depends(optional_helper)])
def closed_optional_beside(): return 1

@closed.get("/both", dependencies=[CHIEF])
def both(keys: OptionalKeys, others: Annotated[list[str], A]): return keys

@closed.get("/loosened", dependencies=[ANY])
def loosened(keys: Keys): return keys

@closed.websocket("/live")
async def live(websocket: WebSocket, keys: Keys):
    await websocket.accept()
    await websocket.send_text(keys[0])
    await websocket.close()

router.include_router(closed)
"""


async def test_what_the_signature_of_a_route_states_takes_the_place_of_farther_rules(build, notes, client):
    project = build(notes(PARAMETERS))
    assert matrix(project) == {
        "notes:asked": "Key",
        "notes:optional": "MaybeKey",
        "notes:by_helper": "Key",
        "notes:by_optional_helper": "",
        "notes:closed_asked": "Key",
        "notes:opened": "MaybeKey",
        "notes:closed_helper": "Key",
        "notes:closed_optional_helper": 'Chief("chief")',
        "notes:closed_optional_beside": 'Chief("chief")',
        "notes:both": 'Chief("chief"), Key("a")',
        "notes:loosened": "Key",
        "notes:live": "Key",
    }
    async with client(project) as http:
        assert await statuses(http, "/notes/asked", "", "a") == [401, 200]
        assert await statuses(http, "/notes/optional", "", "a") == [200, 200]
        assert await statuses(http, "/notes/helper", "", "a") == [401, 200]
        assert await statuses(http, "/notes/closed/asked", "", "a", "chief") == [401, 200, 200]
        assert await statuses(http, "/notes/closed/opened", "", "a") == [200, 200]
        assert await statuses(http, "/notes/closed/helper", "", "a") == [401, 200]
        assert await statuses(http, "/notes/closed/both", "", "a", "chief", "a chief") == [401, 403, 403, 200]
        assert await statuses(http, "/notes/closed/loosened", "", "a") == [401, 200]
        assert (await http.get("/notes/asked", headers={"x-keys": "a b"})).json() == ["a", "b"]


async def test_what_a_parameter_needs_opens_nothing(build, notes, client):
    async with client(build(notes(PARAMETERS))) as http:
        assert await statuses(http, "/notes/optional-helper", "", "a") == [200, 200]  # as `check` says: it has no rule
        assert await statuses(http, "/notes/closed/optional-helper", "", "a", "chief") == [401, 403, 200]
        assert await statuses(http, "/notes/closed/optional-beside", "", "a", "chief") == [401, 403, 200]


async def test_a_websocket_states_rules_by_its_signature_too(build, notes, serve):
    url = serve(build(notes(PARAMETERS))).replace("http", "ws") + "/notes/closed/live"
    assert [await first_word(url, keys) for keys in ("", "a")] == [401, "a"]


PLACES = """
def helper(keys: Keys): return keys
def optional_helper(keys: OptionalKeys): return keys
def mark(): CALLS.append("mark")

access = A
router = APIRouter(prefix="/notes")
outer = APIRouter(prefix="/outer", dependencies=[B])
inner = APIRouter(prefix="/inner", dependencies=[Depends(mark)])
asking = APIRouter(prefix="/asking", dependencies=[Depends(helper), Depends(optional_helper)])

@inner.get("/plain")
def plain(): return 1

@inner.get("/asked")
def asked(keys: Keys): return CALLS

@asking.get("/plain")
def by_router(): return 1

@asking.get("/public", dependencies=[Public])
def still_asked(): return 1

@asking.get("/asked")
def asked_by_both(keys: Keys): return 1

outer.include_router(inner, dependencies=[Depends(mark), C])
router.include_router(outer, dependencies=[D])
router.include_router(asking)
"""


async def test_a_place_is_replaced_whole_and_what_it_depends_on_counts_for_it(build, notes, client):
    project = build(notes(PLACES))
    assert {route.name: (route.access, *map(repr, route.overridden)) for route in routes(project)} == {
        "notes:plain": ('Key("c")',),
        "notes:asked": ("Key", 'Key("c")'),
        "notes:by_router": ("Key", 'Key("a")'),
        "notes:still_asked": ("Key",),
        "notes:asked_by_both": ("Key", 'Key("a")'),
    }
    async with client(project) as http:
        assert await statuses(http, "/notes/outer/inner/plain", "", "a b d", "c") == [401, 403, 200]
        assert await statuses(http, "/notes/outer/inner/asked", "", "z") == [401, 200]
        assert await statuses(http, "/notes/asking/plain", "", "z") == [401, 200]
        assert await statuses(http, "/notes/asking/public", "", "z") == [401, 200]
        assert (await http.get("/notes/outer/inner/asked", headers={"x-keys": "z"})).json()[-2:] == ["mark", "Key"]


def test_what_parameters_replace_is_known_unless_a_rule_is_written_beside_them(build, notes):
    overridden = {route.name: str(*route.overridden) for route in routes(build(notes(PARAMETERS))) if route.overridden}
    assert overridden == {
        f"notes:{name}": 'Chief("chief")' for name in ("closed_asked", "opened", "closed_helper", "live")
    }


async def test_a_websocket_is_refused_before_it_is_accepted(build, notes, serve):
    url = serve(build(notes(NESTED))).replace("http", "ws") + "/notes/inner/live"
    assert await first_word(url, "c") == "hello"
    assert [await first_word(url, keys) for keys in ("", "a b d")] == [401, 403]


PLAIN = """
router = APIRouter(prefix="/plain", dependencies=[B])

async def text(request): return PlainTextResponse("text of " + str(request.scope["endpoint"].__name__))
async def files(scope, receive, send): await PlainTextResponse("file")(scope, receive, send)
async def socket(websocket):
    await websocket.accept()
    await websocket.send_text("hello")
    await websocket.close()

router.add_route("/plain/text", text)
router.add_websocket_route("/plain/socket", socket)
router.mount("/plain/files", files, name="files")
"""


@pytest.mark.parametrize("source", [PLAIN, "access = B" + PLAIN.replace(", dependencies=[B]", "")])
async def test_plain_routes_and_mounted_apps_are_guarded_by_their_router_or_app(build, notes, client, serve, source):
    project = build(notes(source))
    assert set(matrix(project).values()) == {'Key("b")'}
    app = create_app(project)
    async with client(app) as http:
        assert await statuses(http, "/plain/text", "", "a", "b") == [401, 403, 200]
        assert await statuses(http, "/plain/files/x", "", "a", "b") == [401, 403, 200]
        assert (await http.get("/plain/text", headers={"x-keys": "b"})).text == "text of text"
    url = serve(app).replace("http", "ws") + "/plain/socket"
    assert [await first_word(url, keys) for keys in ("b", "", "a")] == ["hello", 401, 403]


@pytest.mark.parametrize(
    ("stated", "access"),
    [
        ("", ""),
        ("access = A", 'Key("a")'),
        ("access = A\nDEPENDENCIES = [B]", 'Key("b")'),
        ("DEPENDENCIES = [B]", 'Key("b")'),
    ],
)
async def test_a_frontend_is_listed_and_obeys_its_router_or_app(build, notes, client, tmp_path, stated, access):
    (tmp_path / "index.html").write_text("<h1>hello</h1>")
    source = f"""
DEPENDENCIES = []
{stated}
router = APIRouter()
site = APIRouter(prefix="/site", dependencies=DEPENDENCIES)
site.frontend("/", directory={str(tmp_path)!r})
router.include_router(site, prefix="/deep")
"""
    project = build(notes(source))
    assert [(route.methods, route.path, route.access) for route in routes(project)] == [
        (("MOUNT",), "/deep/site", access)
    ]
    async with client(project) as http:
        for keys in ("", "a", "b"):
            allowed = not access or access == f'Key("{keys}")'
            headers = {"x-keys": keys} if keys else {}
            answer = await http.get("/deep/site/index.html", headers=headers)
            assert ("hello" in answer.text) is allowed


async def test_a_mounted_application_has_a_unit_of_work_after_that_of_its_rules(build, write, client):
    write(
        "notes",
        services="""
        from framework import service

        @service
        class Diary:
            ...
        """,
        routes=RULES
        + """
from fastapi import FastAPI
from notes.services import Diary

class Writers(Rule):
    async def __call__(self, connection: HTTPConnection, diary: Inject[Diary]): CALLS.append(diary)

access = Writers()
inner = FastAPI()

@inner.get("/x")
def x(diary: Inject[Diary]): return diary is not CALLS[-1]

router = APIRouter()
router.mount("/inner", inner)
""",
    )
    async with client(build("notes")) as http:
        assert (await http.get("/inner/x")).json() is True


def test_plain_routes_have_no_rule_of_their_own(build, notes):
    assert set(matrix(build(notes(PLAIN.replace(", dependencies=[B]", "")))).values()) == {""}


async def test_two_projects_share_routers_and_no_rule(build, notes, client):
    write = notes("access = A" + PLAIN.replace(", dependencies=[B]", "") + "\n@router.get('/one')\ndef one(): return 1")
    first = create_app(build(write))
    from notes import routes as module

    before = [dict(vars(route)) for route in module.router.routes]
    module.access = Public
    second = create_app(build(write))
    assert [dict(vars(route)) for route in module.router.routes] == before
    async with client(first) as closed, client(second) as open_:
        for path in ("/plain/one", "/plain/text", "/plain/files/x"):
            assert await statuses(closed, path, "", "a") == [401, 200]
            assert await statuses(open_, path, "") == [200]


async def test_a_route_that_is_added_later_takes_no_rule_away_and_is_not_served(build, notes, client):
    app = create_app(build(notes("access = B" + PLAIN.replace(", dependencies=[B]", ""))))
    from notes.routes import files, router

    async with client(app) as http:
        router.add_api_route("/late", lambda: 1)
        router.mount("/later", files)
        assert await statuses(http, "/plain/files/x", "", "b") == [401, 200]
        assert await statuses(http, "/plain/text", "", "b") == [401, 200]
        assert await statuses(http, "/late", "", "b") == await statuses(http, "/later/x", "", "b") == [404, 404]


async def test_one_router_included_twice_has_the_rules_of_each_place(build, notes, client):
    source = """
router = APIRouter()
shared = APIRouter()
@shared.get("/x")
def x(): return 1
router.include_router(shared, prefix="/one", dependencies=[A])
router.include_router(shared, prefix="/two", dependencies=[Public])
"""
    project = build(notes(source))
    assert [(route.path, route.access) for route in routes(project)] == [("/one/x", 'Key("a")'), ("/two/x", "Public")]
    async with client(project) as http:
        assert await statuses(http, "/one/x", "", "a") == [401, 200]
        assert await statuses(http, "/two/x", "") == [200]


async def test_other_dependencies_of_routers_still_run(build, notes, client):
    source = """
def mark(): CALLS.append("mark")
router = APIRouter(dependencies=[Depends(mark), A])
@router.get("/x", dependencies=[Public])
def x(): return CALLS
"""
    async with client(build(notes(source))) as http:
        assert (await http.get("/x")).json() == ["mark"]


async def test_a_rule_may_ask_for_services_and_sees_the_rules_of_its_route(build, write, client):
    write(
        "notes",
        services="""
        from framework import service
        @service
        class Hours:
            is_open = False
        """,
        routes=RULES
        + """
from notes.services import Hours

class OfficeHours(Rule):
    async def __call__(self, connection: HTTPConnection, hours: Inject[Hours]):
        raise PermissionDenied(detail=f"{hours.is_open} {route_of(connection).access}")

router = APIRouter(dependencies=[OfficeHours()])

@router.get("/x")
def x(): return 1
""",
    )
    async with client(build("notes")) as http:
        assert (await http.get("/x")).json()["detail"] == "False OfficeHours"


def test_rules_are_equal_by_what_they_say(build, notes):
    build(notes("router = APIRouter()"))
    import notes.routes
    from notes.routes import Chief, Key

    assert notes.routes
    assert Key("a") == Key("a")
    assert len({Key("a"), Key("a"), Key("b"), Chief("a"), Public}) == 4
    assert [repr(rule) for rule in (Key(), Key("a", "b"), Public)] == ["Key", 'Key("a", "b")', "Public"]


async def test_a_rule_that_forgot_its_call_refuses(build, notes, client):
    source = "class Empty(Rule): ...\nrouter = APIRouter(dependencies=[Empty()])\n@router.get('/x')\ndef x(): return 1"
    async with client(build(notes(source))) as http:
        assert (await http.get("/x")).status_code == 500


def test_the_description_names_credentials_only_where_a_rule_takes_them(build, notes):
    schema = create_app(build(notes(PARAMETERS + "\n@router.get('/free')\ndef free(): return 1"))).openapi()
    security = {path: item["get"].get("security") for path, item in schema["paths"].items()}
    assert security == {
        "/notes/asked": [{"Keys": []}],
        "/notes/optional": [{}, {"Keys": []}],
        "/notes/helper": [{"Keys": []}],
        "/notes/optional-helper": None,
        "/notes/closed/asked": [{"Keys": []}],
        "/notes/closed/opened": [{}, {"Keys": []}],
        "/notes/closed/helper": [{"Keys": []}],
        "/notes/closed/optional-beside": [{"Keys": []}],
        "/notes/closed/both": [{"Keys": []}],
        "/notes/closed/optional-helper": [{"Keys": []}],
        "/notes/closed/loosened": [{"Keys": []}],
        "/notes/free": None,
    }
    assert schema["components"]["securitySchemes"] == {"Keys": {"type": "apiKey", "in": "header", "name": "x-keys"}}
    public = create_app(build(notes("router = APIRouter(dependencies=[Public])", "other"))).openapi()
    assert "securitySchemes" not in public.get("components", {})


PLUGIN = """
from fastapi import APIRouter
from framework.web import Public

router = APIRouter(prefix="/plugin")

@router.get("/entries")
def entries(): return 1

@router.get("/about", dependencies=[Public])
def about(): return 1
"""


@pytest.mark.parametrize("told", ["", "access = Public"], ids=["that does not", "otherwise than the app"])
async def test_the_project_says_who_may_call_an_app(build, write, client, told):
    write("rules", routes=RULES + "router = APIRouter()")
    write("plugin", routes=PLUGIN + told)
    project = build("rules", "plugin", web=WebSettings(access={"plugin": "rules.routes:A"}))
    assert {route.path: route.access for route in routes(project)} == {
        "/plugin/entries": 'Key("a")',
        "/plugin/about": "Public",
    }
    async with client(project) as http:
        assert (await http.get("/plugin/entries")).status_code == 401
        assert (await http.get("/plugin/entries", headers={"x-keys": "a"})).status_code == 200
        assert (await http.get("/plugin/about")).status_code == 200


@pytest.mark.parametrize(
    ("access", "message"),
    [
        (
            {"plugn": "rules.routes:A"},
            "web.access names 'plugn', which is no installed app.\n  Hint: Did you mean 'plugin'?",
        ),
        ({"plugin": "rules.routes:Chief"}, "web.access names 'rules.routes:Chief' for 'plugin', which is <class"),
        ({"plugin": "rules.routes:Z"}, "'rules.routes:Z' names nothing"),
    ],
)
def test_what_the_project_says_of_an_app_must_be_a_rule(build, write, access, message):
    write("rules", routes=RULES + "router = APIRouter()")
    write("plugin", routes=PLUGIN)
    with pytest.raises(ImproperlyConfigured) as error:
        create_app(build("rules", "plugin", web=WebSettings(access=access)))
    assert str(error.value).startswith(message)
