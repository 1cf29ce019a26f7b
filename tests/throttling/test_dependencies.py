"""`Throttle` on routes and routers: whom it counts, what it answers, what clients are told."""

import re

import pytest

from framework.errors import ImproperlyConfigured
from framework.throttling import Throttle, ThrottlingSettings
from framework.web import WebSettings

ROUTES = """
from fastapi import APIRouter, Response
from starlette.responses import StreamingResponse
from framework.errors import NotFound
from framework.throttling import Throttle

router = APIRouter()
group = APIRouter(prefix="/group", dependencies=[Throttle("3/hour")])
shared = APIRouter(prefix="/shared", dependencies=[Throttle("2/hour", name="shared")])

@router.get("/two", dependencies=[Throttle("2/hour")])
async def two(): return "two"

@router.get("/open")
async def open(): return "open"

@router.get("/missing", dependencies=[Throttle("2/hour")])
async def missing(): raise NotFound("thing")

@router.get("/raw", dependencies=[Throttle("2/hour; 10/day")])
async def raw(): return Response("raw")

@router.get("/stream", dependencies=[Throttle("2/hour")])
async def stream(): return StreamingResponse(iter(["a"]))

@router.get("/things/{id}", dependencies=[Throttle("2/hour")])
async def thing(id: int): return id

@router.get("/address", dependencies=[Throttle("2/hour", by="client")])
async def address(): return 1

@router.get("/keyed", dependencies=[Throttle("2/hour", by=lambda connection: connection.headers.get("x-team"))])
async def keyed(): return 1

@router.post("/dear", dependencies=[Throttle("10/hour", cost=5)])
async def dear(): return 1

@group.get("/a")
async def a(): return "a"

@group.get("/b", dependencies=[Throttle("1/hour")])
async def b(): return "b"

@shared.get("/a")
async def shared_a(): return "a"

@shared.get("/b")
async def shared_b(): return "b"

router.include_router(group)
router.include_router(shared)
"""

CALLERS = """
from framework.errors import Unauthenticated

async def identify(connection):
    token = connection.headers.get("authorization")
    if token == "bad":
        raise Unauthenticated("invalid")
    return f"user:{token}" if token else None
"""


async def test_a_call_beyond_the_rate_is_a_problem_that_says_when_to_come_back(build, client):
    async with client(build(ROUTES)) as http:
        assert [(await http.get("/two")).status_code for _ in range(2)] == [200, 200]
        refused = await http.get("/two")
        assert (await http.get("/open")).status_code == 200
    assert refused.status_code == 429
    assert refused.headers["content-type"] == "application/problem+json"
    assert refused.json()["code"] == "throttled"
    seconds = int(refused.headers["retry-after"])
    assert 1 <= seconds <= 7200
    assert refused.json()["detail"] == f"Too many requests. Try again in {seconds} second{'s' * (seconds > 1)}."


@pytest.mark.parametrize(("path", "status"), [("/two", 200), ("/missing", 404), ("/raw", 200), ("/stream", 200)])
async def test_every_answer_says_how_much_is_left(build, client, path, status):
    async with client(build(ROUTES)) as http:
        for left in (1, 0):
            response = await http.get(path)
            assert response.status_code == status
            policy = f"GET {path}:2/hour"
            assert response.headers.get_list("ratelimit-policy")[0].startswith(f'"{policy}";q=2;w=3600')
            assert re.match(rf'"{policy}";r={left};t=\d+', response.headers["ratelimit"])
        refused = await http.get(path)
    assert refused.status_code == 429
    assert re.match(rf'"{policy}";r=0;t=\d+', refused.headers["ratelimit"])


async def test_of_several_rates_all_are_told(build, client):
    async with client(build(ROUTES)) as http:
        response = await http.get("/raw")
        assert "ratelimit" not in (await http.get("/open")).headers
    assert response.headers["ratelimit-policy"] == '"GET /raw:2/hour";q=2;w=3600, "GET /raw:10/day";q=10;w=86400'
    assert re.fullmatch(r'"GET /raw:2/hour";r=1;t=\d+, "GET /raw:10/day";r=9;t=\d+', response.headers["ratelimit"])


async def test_no_two_policies_of_an_answer_have_one_name(build, client):
    routes = """
    from fastapi import APIRouter
    from framework.throttling import Throttle

    all_ = Throttle("9/minute", name="all")
    router = APIRouter(dependencies=[all_])

    @router.get("/a", dependencies=[Throttle("9/minute", name='an "ä"')])
    async def a(): return 1

    @router.get("/b", dependencies=[Throttle("9/minute"), Throttle("9/minute", by=lambda connection: "all of us")])
    async def b(): return 1
    """
    async with client(build(routes)) as http:
        answers = [await http.get(path) for path in ("/a", "/b", "/b")]
    names = [re.findall('"(.*?)"', answer.headers["ratelimit-policy"]) for answer in answers]
    assert names[0] == ["all:9/minute", "an %22%C3%A4%22:9/minute"]
    assert names[1] == names[2] == ["all:9/minute", "GET /b:9/minute", "GET /b:9/minute:2"]
    assert names == [re.findall('"(.*?)"', answer.headers["ratelimit"]) for answer in answers]


async def test_a_route_is_counted_by_itself_whatever_its_parameters(build, client):
    async with client(build(ROUTES)) as http:
        assert [(await http.get(f"/things/{id}")).status_code for id in (1, 2, 3)] == [200, 200, 429]
        assert (await http.get("/two")).status_code == 200


async def test_a_router_counts_each_of_its_routes_and_a_name_counts_them_together(build, client):
    async with client(build(ROUTES)) as http:
        assert [(await http.get("/group/a")).status_code for _ in range(4)] == [200, 200, 200, 429]
        assert [(await http.get("/group/b")).status_code for _ in range(2)] == [200, 429]
        assert [(await http.get(f"/shared/{name}")).status_code for name in "aba"] == [200, 200, 429]


async def test_the_settings_set_the_rate_of_a_name(build, client):
    project = build(ROUTES, throttling=ThrottlingSettings(rates={"shared": "1/hour"}))
    async with client(project) as http:
        assert [(await http.get("/shared/a")).status_code for _ in range(2)] == [200, 429]


async def test_addresses_are_counted_apart_and_ipv6_by_its_network(build, client):
    project = build(ROUTES)
    for address, expected in [
        ("192.0.2.1", [200, 200, 429]),
        ("192.0.2.2", [200, 200, 429]),
        ("2001:db8::1", [200, 200, 429]),
        ("2001:db8::ffff:2", [429]),
        ("2001:db8:0:1::1", [200]),
        ("::ffff:192.0.2.1", [429]),
    ]:
        async with client(project, address) as http:
            assert [(await http.get("/two")).status_code for _ in expected] == expected, address


async def test_a_user_is_counted_as_such_from_whatever_address(build, client):
    project = build(ROUTES, modules={"callers": CALLERS})
    for address, user, expected in [
        ("192.0.2.1", "ann", [200, 200, 429]),
        ("192.0.2.9", "ann", [429]),
        ("192.0.2.1", "bob", [200]),
        ("192.0.2.1", "", [200, 200, 429]),
        ("192.0.2.1", "bad", [429]),  # refused credentials make nobody of you, and get you no counter of your own
    ]:
        async with client(project, address) as http:
            headers = {"authorization": user} if user else {}
            assert [(await http.get("/two", headers=headers)).status_code for _ in expected] == expected, user


async def test_by_client_counts_users_of_one_address_together(build, client):
    async with client(build(ROUTES, modules={"callers": CALLERS})) as http:
        answers = [await http.get("/address", headers={"authorization": name}) for name in ("ann", "bob", "cid")]
    assert [answer.status_code for answer in answers] == [200, 200, 429]


async def test_by_a_function_counts_what_it_returns_and_passes_whom_it_leaves_out(build, client):
    async with client(build(ROUTES)) as http:
        red = [(await http.get("/keyed", headers={"x-team": "red"})).status_code for _ in range(3)]
        free = [(await http.get("/keyed")).status_code for _ in range(4)]
    assert red == [200, 200, 429]
    assert free == [200] * 4


async def test_a_dear_call_costs_more(build, client):
    async with client(build(ROUTES)) as http:
        assert [(await http.post("/dear")).status_code for _ in range(3)] == [200, 200, 429]


async def test_turned_off_nothing_is_counted_or_told(build, client):
    project = build(ROUTES, throttling=ThrottlingSettings(enabled=False, default="1/hour"))
    async with client(project) as http:
        answers = [await http.get("/two") for _ in range(4)]
    assert {answer.status_code for answer in answers} == {200}
    assert "ratelimit" not in answers[0].headers


async def test_the_description_of_the_api_has_the_429_of_limited_routes(build, client):
    async with client(build(ROUTES)) as http:
        paths = (await http.get("/openapi.json")).json()["paths"]
    for path in ("/two", "/group/a", "/shared/b"):
        found = paths[path]["get"]["responses"]["429"]
        assert found["description"] == "Too Many Requests"
        assert found["content"]["application/problem+json"]["schema"] == {"$ref": "#/components/schemas/Problem"}
    assert "429" not in paths["/open"]["get"]["responses"]


def test_a_rate_that_is_none_fails_where_it_is_written():
    with pytest.raises(ImproperlyConfigured, match="'10/minit' is no rate"):
        Throttle("10/minit")


# The default rates ---------------------------------------------------------------------------------------------------

DEFAULT = ThrottlingSettings(default="3/hour", exempt=("/open",))


async def test_the_default_rates_count_all_requests_of_an_address_together(build, client):
    project = build(ROUTES, throttling=DEFAULT)
    async with client(project) as http:
        answers = [await http.get(path) for path in ("/group/a", "/nowhere", "/things/1", "/nowhere", "/group/a")]
        assert (await http.get("/open")).status_code == 200
    assert [answer.status_code for answer in answers] == [200, 404, 200, 429, 429]
    assert answers[3].json()["code"] == "throttled"
    assert answers[3].headers["retry-after"]
    assert re.fullmatch(r'"default:3/hour";r=0;t=\d+', answers[3].headers["ratelimit"])
    assert re.fullmatch(r'"default:3/hour";r=2;t=\d+, "GET /group/a:3/hour";r=2;t=\d+', answers[0].headers["ratelimit"])
    async with client(project, "192.0.2.2") as http:
        assert (await http.get("/group/a")).status_code == 200


async def test_without_default_rates_nothing_is_counted(build, client):
    async with client(build(ROUTES)) as http:
        assert "ratelimit" not in (await http.get("/open")).headers


# Who the client is ---------------------------------------------------------------------------------------------------


async def test_a_made_up_forwarded_for_changes_nothing_and_a_trusted_proxys_counts(build, client):
    project = build(ROUTES, web=WebSettings(trusted_proxies=("10.0.0.0/8",)))
    async with client(project, "192.0.2.1") as http:
        made_up = [(await http.get("/two", headers={"x-forwarded-for": f"192.0.2.{n}"})).status_code for n in (7, 8, 9)]
    assert made_up == [200, 200, 429]
    async with client(project, "10.0.0.1") as http:
        real = [
            (await http.get("/two", headers={"x-forwarded-for": f"{n}.1.1.1, 198.51.100.{n % 2}"})).status_code
            for n in range(1, 7)
        ]
    assert real == [200, 200, 200, 200, 429, 429]
