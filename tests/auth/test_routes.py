"""The routes that let callers in, and what a route learns of its caller."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from httpx import AsyncClient

from framework import Project
from framework.auth import AuthSettings, Users
from framework.auth.settings import CookieSettings, KeySettings, TokenSettings
from framework.services import Scope
from framework.testing.client import connect
from framework.testing.projects import Projects
from framework.users.models import User
from framework.web import WebSettings, create_app
from tests.auth.conftest import CHEAP, MakeSite, Site

SECRET = "correct horse battery"
LOGIN = {"username": "ann@example.com", "password": SECRET}
APPS = (*Site.model_fields["installed_apps"].default, "tests.auth.gate")
COOKIE = "__Host-session"


@pytest.fixture
def make_project(project_with: Projects) -> MakeSite:
    """Make sites with the routes of `gate`. The services behind the routes have tests on both databases."""
    return lambda **values: project_with(Site, installed_apps=APPS, **values)


@pytest.fixture
def project(make_project: MakeSite) -> Project:
    return make_project()


@pytest.fixture
async def open_client(anyio_backend: object) -> AsyncGenerator[Any]:
    """Serve a project with a user, and return a client that calls it by HTTPS."""
    from contextlib import AsyncExitStack

    async with AsyncExitStack() as stack:

        async def open_(project: Project, base_url: str = "https://testserver") -> AsyncClient:
            app = create_app(project)
            await stack.enter_async_context(app.router.lifespan_context(app))
            async with project.scope() as scope:
                await (await scope.get(Users[User])).create(email="ann@example.com", password=SECRET)
            client = await stack.enter_async_context(connect(app, {}))
            client.base_url = httpx.URL(base_url)
            client.app = app  # type: ignore[attr-defined] — for who serves it by a socket
            return client

        yield open_


@pytest.fixture
async def client(project: Project, open_client: Any) -> AsyncClient:
    return await open_client(project)


async def tokens_of(client: AsyncClient, **fields: str) -> dict[str, Any]:
    answer = await client.post("/auth/token", data={**LOGIN, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()


def bearer(tokens: dict[str, Any] | str, scheme: str = "Bearer") -> dict[str, str]:
    token = tokens if isinstance(tokens, str) else tokens["access_token"]
    return {"Authorization": f"{scheme} {token}"}


async def key_of(client: AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await client.post("/auth/keys", json={"name": "mine", **fields}, headers=bearer(await tokens_of(client)))
    assert answer.status_code == 201, answer.text
    return answer.json()


# Tokens ------------------------------------------------------------------------------------------------------------


async def test_a_program_logs_in_calls_refreshes_and_logs_out(client: AsyncClient) -> None:
    answer = await client.post("/auth/token", data=LOGIN)
    assert answer.headers["cache-control"] == "no-store"
    first = answer.json()
    assert set(first) == {"access_token", "token_type", "expires_in", "refresh_token"}
    assert (first["token_type"], first["expires_in"]) == ("Bearer", 900)
    me = await client.get("/auth/me", headers=bearer(first))
    assert me.status_code == 200
    assert me.json()["email"] == "ann@example.com"
    assert "password" not in me.text
    second = (await client.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})).json()
    assert (await client.get("/auth/me", headers=bearer(second))).status_code == 200
    out = await client.post("/auth/logout", headers=bearer(second))
    assert (out.status_code, out.content) == (204, b"")
    for tokens in (first, second):
        gone = await client.get("/auth/me", headers=bearer(tokens))
        assert gone.status_code == 401
        assert gone.json()["code"] == "credentials_invalid"
    again = await client.post("/auth/refresh", json={"refresh_token": second["refresh_token"]})
    assert again.status_code == 401


async def test_who_gives_the_wrong_password_is_told_nothing_else(client: AsyncClient) -> None:
    for fields in ({"password": "wrong"}, {"username": "nobody@example.com"}):
        answer = await client.post("/auth/token", data={**LOGIN, **fields})
        assert answer.status_code == 401
        assert answer.json()["code"] == "login_failed"
        assert answer.headers["www-authenticate"] == "Bearer"


async def test_a_refresh_token_that_comes_twice_logs_its_device_out(client: AsyncClient) -> None:
    first = await tokens_of(client)
    second = (await client.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})).json()
    assert (await client.post("/auth/refresh", json={"refresh_token": first["refresh_token"]})).status_code == 401
    assert (await client.get("/auth/me", headers=bearer(second))).status_code == 401


async def test_a_program_may_ask_for_less_than_all(client: AsyncClient) -> None:
    tokens = await tokens_of(client, scope="posts:write posts:read")
    assert tokens["scope"] == "posts:read posts:write"
    assert (await client.get("/gate/what", headers=bearer(tokens))).json() == ["token", "posts:read", "posts:write"]
    refused = await client.get("/gate/person", headers=bearer(tokens))
    assert (refused.status_code, refused.json()["code"]) == (403, "login_needed")


async def test_the_word_before_the_token_is_a_setting(make_project: MakeSite, open_client: Any) -> None:
    client = await open_client(make_project(auth=AuthSettings(passwords=CHEAP, tokens=TokenSettings(scheme="Token"))))
    tokens = await tokens_of(client)
    assert tokens["token_type"] == "Token"
    assert (await client.get("/auth/me", headers=bearer(tokens, "Token"))).status_code == 200
    assert (await client.get("/auth/me", headers=bearer(tokens, "token"))).status_code == 200
    missing = await client.get("/auth/me", headers=bearer(tokens))
    assert (missing.status_code, missing.headers["www-authenticate"]) == (401, "Token")
    bad = await client.get("/auth/me", headers=bearer("bad", "Token"))
    assert bad.headers["www-authenticate"] == 'Token error="invalid_token"'


# Who calls ---------------------------------------------------------------------------------------------------------


async def test_without_credentials_a_caller_is_told_which_are_wanted(client: AsyncClient) -> None:
    answer = await client.get("/gate/mine")
    assert answer.status_code == 401
    assert answer.json()["code"] == "credentials_missing"
    assert answer.headers["www-authenticate"] == "Bearer"  # RFC 6750: no error where nothing was given
    assert "set-cookie" not in answer.headers


async def test_bad_credentials_are_refused_also_where_none_are_needed(client: AsyncClient) -> None:
    assert (await client.get("/gate/greeting")).json() == "Hello you"
    for headers in (bearer("bad"), {"X-API-Key": "bad"}, {"Cookie": f"{COOKIE}=bad"}):
        for path in ("/gate/greeting", "/gate/mine"):
            answer = await client.get(path, headers=headers)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"] == 'Bearer error="invalid_token"'
    good = await client.get("/gate/greeting", headers=bearer(await tokens_of(client)))
    assert good.json() == "Hello ann@example.com"


async def test_what_else_stands_in_the_header_is_none_of_ours(client: AsyncClient) -> None:
    for value in ("Basic YW5uOnNlY3JldA==", "Bearerx", "", "Digest x"):
        assert (await client.get("/gate/greeting", headers={"Authorization": value})).json() == "Hello you"
    for value in ("Bearer", "Bearer ", "bearer    "):
        assert (await client.get("/gate/greeting", headers={"Authorization": value})).status_code in (200, 401)


async def test_all_that_a_route_asks_of_its_caller_is_one_user_and_one_statement(
    project: Project, client: AsyncClient, statements: Any
) -> None:
    headers = bearer(await tokens_of(client))
    with statements(project) as seen:
        assert (await client.get("/gate/what", headers=headers)).json() == ["token"]
    assert len(seen) == 1


async def test_a_change_of_the_caller_that_nothing_would_store_is_an_error(client: AsyncClient) -> None:
    headers = bearer(await tokens_of(client))
    with pytest.raises(Exception, match="read through a ReadSession was changed"):
        await client.put("/gate/rename", headers=headers)
    assert (await client.get("/auth/me", headers=headers)).json()["full_name"] == ""


async def test_the_caller_is_known_to_whoever_counts(client: AsyncClient) -> None:
    assert (await client.get("/gate/caller")).json() is None
    assert (await client.get("/gate/caller", headers=bearer(await tokens_of(client)))).json() == "user:1"
    assert (await client.get("/gate/caller", headers=bearer("bad"))).json() is None


async def test_a_deactivated_a_deleted_and_a_demoted_user_are_so_at_once(project: Project, client: AsyncClient) -> None:
    headers = bearer(await tokens_of(client))

    async def changed(method: str, **options: Any) -> httpx.Response:
        async with project.scope() as scope:
            users = await scope.get(Users[User])
            await getattr(users, method)(await users.get(1), **options)
        return await client.get("/auth/me", headers=headers)

    assert (await changed("set_privileges", is_superuser=True)).status_code == 401  # nobody rises on an old login
    headers = bearer(await tokens_of(client))
    assert (await changed("set_privileges", is_staff=False)).json()["is_superuser"] is True
    assert (await changed("set_privileges", is_superuser=False)).json()["is_superuser"] is False
    assert (await changed("deactivate")).status_code == 401
    assert (await changed("activate")).status_code == 200
    assert (await changed("delete")).status_code == 401


# Sessions ----------------------------------------------------------------------------------------------------------


async def test_a_browser_logs_in_by_a_form_and_out(client: AsyncClient) -> None:
    answer = await client.post("/auth/session", data=LOGIN)
    assert answer.status_code == 200
    assert answer.json()["email"] == "ann@example.com"
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("__host-session=")
    for part in ("httponly", "secure", "samesite=lax", "path=/", "max-age=2592000"):
        assert part in cookie
    assert "domain" not in cookie
    assert (await client.get("/gate/what")).json() == ["session"]
    secret = client.cookies[COOKIE]
    out = await client.post("/auth/logout", headers={"Sec-Fetch-Site": "same-origin"})
    assert out.status_code == 204
    assert COOKIE not in client.cookies
    assert (await client.get("/gate/mine")).json()["code"] == "credentials_missing"
    assert (await client.get("/gate/mine", headers={"Cookie": f"{COOKIE}={secret}"})).status_code == 401


async def test_a_cookie_that_is_good_for_nothing_is_taken_away(client: AsyncClient) -> None:
    await client.post("/auth/session", data=LOGIN)
    secret = client.cookies[COOKIE]
    await client.post("/auth/logout", headers={"Sec-Fetch-Site": "same-origin"})
    client.cookies.set(COOKIE, secret, domain="testserver.local", path="/")
    client.cookies.clear()
    answer = await client.get("/gate/greeting", headers={"Cookie": f"{COOKIE}={secret}"})
    assert answer.status_code == 401
    assert "max-age=0" in answer.headers["set-cookie"].lower()


async def test_in_debug_the_cookie_works_without_https(make_project: MakeSite, open_client: Any) -> None:
    client = await open_client(make_project(debug=True), "http://testserver")
    answer = await client.post("/auth/session", data=LOGIN)
    assert answer.headers["set-cookie"].startswith("session=")
    assert "secure" not in answer.headers["set-cookie"].lower()
    assert (await client.get("/gate/mine")).status_code == 200


async def test_a_cookie_for_subdomains_says_so_in_its_name(make_project: MakeSite, open_client: Any) -> None:
    cookies = CookieSettings(domain="testserver.example", same_site="strict")
    client = await open_client(make_project(auth=AuthSettings(passwords=CHEAP, cookies=cookies)))
    cookie = (await client.post("/auth/session", data=LOGIN)).headers["set-cookie"].lower()
    assert cookie.startswith("__secure-session=")
    assert "domain=testserver.example" in cookie
    assert "samesite=strict" in cookie


@pytest.mark.parametrize(
    ("next_", "location"),
    [("/account?tab=1", "/account?tab=1"), ("//evil.example", "/"), ("https://evil.example", "/"), ("account", "/")],
)
async def test_after_logging_in_a_form_leads_to_a_page_of_this_site(
    client: AsyncClient, next_: str, location: str
) -> None:
    answer = await client.post("/auth/session", data={**LOGIN, "next": next_})
    assert (answer.status_code, answer.headers["location"]) == (303, location)
    assert COOKIE in client.cookies


async def test_a_session_is_listed_and_ended_from_another_device(client: AsyncClient) -> None:
    await client.post("/auth/session", data=LOGIN, headers={"User-Agent": "A browser"})
    tokens = await tokens_of(client)
    client.cookies.clear()
    listed = (await client.get("/auth/logins", headers=bearer(tokens))).json()
    assert [(each["kind"], each["current"]) for each in listed] == [("token", True), ("session", False)]
    assert listed[1]["user_agent"] == "A browser"
    assert listed[1]["client"] == "127.0.0.1"
    assert "secret" not in str(listed)
    gone = await client.delete(f"/auth/logins/{listed[1]['id']}", headers=bearer(tokens))
    assert gone.status_code == 204
    assert len((await client.get("/auth/logins", headers=bearer(tokens))).json()) == 1
    assert (await client.delete(f"/auth/logins/{listed[1]['id']}", headers=bearer(tokens))).status_code == 404


async def test_logging_out_everywhere_ends_every_session_and_token_and_no_key(client: AsyncClient) -> None:
    key = (await key_of(client))["key"]
    one, other = await tokens_of(client), await tokens_of(client)
    await client.post("/auth/session", data=LOGIN)
    assert (await client.post("/auth/logout/all", headers={"Origin": "https://testserver"})).status_code == 204
    assert COOKIE not in client.cookies
    for tokens in (one, other):
        assert (await client.get("/auth/me", headers=bearer(tokens))).status_code == 401
    assert (await client.get("/auth/me", headers={"X-API-Key": key})).status_code == 200


# Keys --------------------------------------------------------------------------------------------------------------


async def test_a_key_is_told_once_used_listed_and_revoked(client: AsyncClient) -> None:
    made = await key_of(client, scopes=["posts:read"])
    assert made["key"].startswith(made["prefix"] + "_")
    assert made["prefix"].startswith("fk_")
    assert (await client.get("/gate/what", headers={"X-API-Key": made["key"]})).json() == ["key", "posts:read"]
    headers = bearer(await tokens_of(client))
    (listed,) = (await client.get("/auth/keys", headers=headers)).json()
    assert made["key"] not in str(listed)
    assert listed["scopes"] == ["posts:read"]
    assert (await client.delete(f"/auth/keys/{made['id']}", headers=headers)).status_code == 204
    assert (await client.get("/gate/mine", headers={"X-API-Key": made["key"]})).status_code == 401
    assert (await client.get("/auth/keys", headers=headers)).json() == []
    assert (await client.delete(f"/auth/keys/{made['id']}", headers=headers)).status_code == 404


async def test_a_key_makes_no_keys_and_ends_no_logins(client: AsyncClient) -> None:
    headers = {"X-API-Key": (await key_of(client))["key"]}
    assert (await client.get("/gate/what", headers=headers)).json() == ["key"]
    for answer in (
        await client.post("/auth/keys", json={"name": "another"}, headers=headers),
        await client.get("/auth/keys", headers=headers),
        await client.get("/auth/logins", headers=headers),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "login_needed")
    assert (await client.post("/auth/logout", headers=headers)).status_code == 409


async def test_a_key_ends_when_its_time_is_over(project: Project, client: AsyncClient) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    made = await key_of(client, expires_at=soon.isoformat())
    headers = {"X-API-Key": made["key"]}
    assert (await client.get("/gate/mine", headers=headers)).status_code == 200
    from framework.auth import ApiKey
    from framework.db import Repository

    async with project.scope() as scope:
        keys = await scope.get(Repository[ApiKey])
        (key,) = await keys.all()
        key = await keys.get(key.id)
        key.expires_at = datetime.now(UTC)
    expired = await client.get("/gate/mine", headers=headers)
    assert (expired.status_code, expired.json()["code"]) == (401, "credentials_expired")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"name": ""}, 422),
        ({"name": "x" * 101}, 422),
        ({"name": "a\x00b"}, 422),
        ({"scopes": ["two words"]}, 422),
        ({"scopes": ["x"] * 51}, 422),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 422),
        ({"expires_at": "2020-01-01T00:00:00"}, 422),
    ],
    ids=repr,
)
async def test_a_key_that_makes_no_sense_is_refused(client: AsyncClient, fields: dict[str, Any], status: int) -> None:
    headers = bearer(await tokens_of(client))
    answer = await client.post("/auth/keys", json={"name": "mine", **fields}, headers=headers)
    assert answer.status_code == status


async def test_keys_have_limits_that_the_project_sets(make_project: MakeSite, open_client: Any) -> None:
    keys = KeySettings(most=1, longest_ttl=60, header="X-Key", prefix="shop")
    client = await open_client(make_project(auth=AuthSettings(passwords=CHEAP, keys=keys)))
    headers = bearer(await tokens_of(client))
    far = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    answer = await client.post("/auth/keys", json={"name": "far", "expires_at": far}, headers=headers)
    assert answer.status_code == 422
    made = (await client.post("/auth/keys", json={"name": "mine"}, headers=headers)).json()
    assert made["expires_at"] is not None
    assert made["key"].startswith("shop_")
    assert (await client.get("/auth/me", headers={"X-Key": made["key"]})).status_code == 200
    assert (await client.post("/auth/keys", json={"name": "second"}, headers=headers)).status_code == 409


# The API description -----------------------------------------------------------------------------------------------


async def test_the_description_names_the_ways_in_where_a_rule_needs_one(client: AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()
    schemes = described["components"]["securitySchemes"]
    flow = {"tokenUrl": "/auth/token", "scopes": {"posts:read": ""}}  # those that routes state
    assert schemes["token"] == {"type": "oauth2", "flows": {"password": flow}}
    assert schemes["key"] == {"type": "apiKey", "in": "header", "name": "X-API-Key"}
    assert schemes["session"] == {"type": "apiKey", "in": "cookie", "name": COOKIE}
    ways = [{"token": []}, {"key": []}, {"session": []}]
    paths = described["paths"]
    assert paths["/gate/mine"]["get"]["security"] == ways
    assert paths["/gate/greeting"]["get"]["security"] == [{}, *ways]
    for path in ("/auth/token", "/auth/refresh", "/auth/session"):
        assert "security" not in paths[path]["post"]


async def test_the_description_names_the_failures_of_each_route(client: AsyncClient) -> None:
    described = (await client.get("/openapi.json")).json()["paths"]
    failures = {
        f"{method} {path}": {status for status in operation["responses"] if status >= "4"}
        for path, item in described.items()
        for method, operation in item.items()
        if path.startswith("/auth")
    }
    assert failures["post /auth/token"] == {"401", "413", "422", "429"}
    assert failures["post /auth/session"] == {"401", "403", "413", "422", "429"}
    assert failures["post /auth/logout"] == {"401", "403", "409"}
    assert failures["post /auth/register"] == {"403", "409", "413", "422", "429"}
    assert failures["delete /auth/keys/{id}"] == {"401", "403", "404", "422"}
    assert failures["get /auth/password/requirements"] == set()
    conflict = described["/auth/logout"]["post"]["responses"]["409"]
    assert conflict["content"]["application/problem+json"]["schema"]["$ref"].endswith("/Problem")


async def test_the_description_follows_the_settings(make_project: MakeSite, open_client: Any) -> None:
    auth = AuthSettings(passwords=CHEAP, tokens=TokenSettings(scheme="Token"), keys=KeySettings(header="X-Key"))
    web = WebSettings(mounts={"auth": "/account"})
    client = await open_client(make_project(auth=auth, web=web))
    schemes = (await client.get("/openapi.json")).json()["components"]["securitySchemes"]
    assert schemes["token"]["flows"]["password"]["tokenUrl"] == "/account/auth/token"
    assert schemes["key"]["name"] == "X-Key"
    alone = await open_client(make_project(web=WebSettings(mounts={"auth": None})))
    schemes = (await alone.get("/openapi.json")).json()["components"]["securitySchemes"]
    assert schemes["token"] == {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}


async def test_every_route_states_its_rule(project: Project, scope: Scope) -> None:
    from framework.web import routes

    access = {route.name: route.access for route in routes(project)}
    assert access["auth:token"] == access["auth:refresh"] == access["auth:log_in"] == "Public"
    assert access["gate:greeting"] == "Public"
    assert access["auth:me"] == access["gate:mine"] == access["auth:log_out"] == "LoginRequired"
    assert access["auth:keys"] == "InPerson"
    assert all(access.values())
