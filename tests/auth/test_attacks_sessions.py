"""Attacks on the sessions of browsers: planted ones, requests of other sites, sessions whose user lost them."""

import asyncio
import socket
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import uvicorn
from httpx import AsyncClient
from sqlalchemy import update
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from framework import Project
from framework.auth import AuthSettings, Login, Logins, Users
from framework.auth.settings import CsrfSettings, SessionSettings
from framework.db import Session
from framework.errors import Unauthenticated
from framework.users.models import User
from framework.web import WebSettings
from framework.web.settings import CorsSettings
from tests.auth.conftest import CHEAP, MakeSite
from tests.auth.test_routes import (  # fixtures are found by being here
    COOKIE,
    LOGIN,
    bearer,
    client,
    make_project,
    open_client,
    project,
    tokens_of,
)

__all__ = ["client", "make_project", "open_client", "project"]

OWN = {"Sec-Fetch-Site": "same-origin"}


async def session_of(client: AsyncClient) -> str:
    """Log a browser in, and return its secret; the client itself keeps none."""
    assert (await client.post("/auth/session", data=LOGIN)).status_code == 200
    secret = client.cookies[COOKIE]
    client.cookies.clear()
    return secret


def cookie(secret: str) -> dict[str, str]:
    return {"Cookie": f"theme=dark; {COOKIE}={secret}; other=1"}


async def is_known(client: AsyncClient, secret: str) -> bool:
    answer = await client.get("/gate/mine", headers=cookie(secret))
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


# Fixation ----------------------------------------------------------------------------------------------------------


async def test_a_secret_that_somebody_planted_is_never_logged_in(client: AsyncClient) -> None:
    planted = "planted-by-somebody-else-0123456789-0123456789"
    client.cookies.set(COOKIE, planted, domain="testserver.local")
    answer = await client.post("/auth/session", data=LOGIN, headers=cookie(planted))
    assert answer.status_code == 200
    assert planted not in answer.headers["set-cookie"]
    client.cookies.clear()
    assert not await is_known(client, planted)


async def test_logging_in_ends_the_session_that_the_browser_had(client: AsyncClient) -> None:
    before = await session_of(client)
    answer = await client.post("/auth/session", data=LOGIN, headers=cookie(before))
    after = answer.headers["set-cookie"].partition("=")[2].partition(";")[0]
    assert after != before
    client.cookies.clear()
    assert await is_known(client, after)
    assert not await is_known(client, before)


async def test_a_renewed_session_has_another_secret_and_the_old_one_is_worthless(
    project: Project, client: AsyncClient
) -> None:
    before = await session_of(client)
    async with project.scope() as scope:
        started = await (await scope.get(Logins)).renew_session(before)
    assert await is_known(client, started.secret)
    assert not await is_known(client, before)
    with pytest.raises(Unauthenticated):
        async with project.scope() as scope:
            await (await scope.get(Logins)).renew_session(before)


async def test_of_several_who_renew_one_session_at_once_one_wins(project: Project, client: AsyncClient) -> None:
    before = await session_of(client)

    async def renew() -> str:
        async with project.scope() as scope:
            return (await (await scope.get(Logins)).renew_session(before)).secret

    results = await asyncio.gather(*(renew() for _ in range(8)), return_exceptions=True)
    won = [result for result in results if isinstance(result, str)]
    assert len(won) == 1
    assert await is_known(client, won[0])


# Requests of other sites -------------------------------------------------------------------------------------------

FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "https://testserver"},
    {"Origin": "https://evil.example"},
    {"Origin": "https://testserver.evil.example"},
    {"Origin": "https://sub.testserver"},
    {"Origin": "http://testserver"},
    {"Origin": "null"},
]


@pytest.mark.parametrize("headers", FOREIGN, ids=repr)
async def test_a_page_of_another_site_does_nothing_with_the_cookie(
    client: AsyncClient, headers: dict[str, str]
) -> None:
    secret = await session_of(client)
    token = (await client.get("/auth/csrf", headers=cookie(secret))).json()["csrf_token"]
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        # Not even with the token of the session.
        answer = await client.request(
            method, "/gate/mine", headers={**cookie(secret), **headers, "X-CSRF-Token": token}
        )
        assert answer.status_code in (403, 405)
        assert method != "POST" or answer.json()["code"] == "csrf_origin"
    assert (await client.post("/auth/logout/all", headers={**cookie(secret), **headers})).status_code == 403
    assert await is_known(client, secret)


@pytest.mark.parametrize("headers", FOREIGN, ids=repr)
async def test_a_page_of_another_site_logs_nobody_in(client: AsyncClient, headers: dict[str, str]) -> None:
    answer = await client.post("/auth/session", data=LOGIN, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


async def test_a_request_that_says_nothing_of_its_page_needs_the_token(client: AsyncClient) -> None:
    secret, other = await session_of(client), await session_of(client)
    token = (await client.get("/auth/csrf", headers=cookie(secret))).json()["csrf_token"]
    foreign = (await client.get("/auth/csrf", headers=cookie(other))).json()["csrf_token"]
    for headers in ({}, {"X-CSRF-Token": "bad"}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": foreign}):
        answer = await client.post("/gate/mine", headers={**cookie(secret), **headers})
        assert (answer.status_code, answer.json()["code"]) == (403, "csrf_token")
    good = await client.post("/gate/mine", headers={**cookie(secret), "X-CSRF-Token": token})
    assert good.status_code == 200


@pytest.mark.parametrize("kind", ["data", "files"])
async def test_a_form_may_bring_the_token_in_a_field(client: AsyncClient, kind: str) -> None:
    secret = await session_of(client)
    token = (await client.get("/auth/csrf", headers=cookie(secret))).json()["csrf_token"]
    for sent, status in ((token, 200), ("bad", 403)):
        fields = {"csrf_token": sent} if kind == "data" else {"csrf_token": (None, sent), "file": ("a.txt", b"a")}
        answer = await client.post("/gate/mine", headers=cookie(secret), **{kind: fields})  # type: ignore[arg-type]
        assert answer.status_code == status
    in_json = await client.post("/gate/mine", headers=cookie(secret), json={"csrf_token": token})
    assert in_json.status_code == 403


async def test_a_page_of_ones_own_needs_no_token_unless_the_settings_say_so(
    make_project: MakeSite, open_client: Any
) -> None:
    easy = await open_client(make_project())
    secret = await session_of(easy)
    for headers in (OWN, {"Origin": "https://testserver"}):
        assert (await easy.post("/gate/mine", headers={**cookie(secret), **headers})).status_code == 200
    strict = await open_client(make_project(auth=AuthSettings(passwords=CHEAP, csrf=CsrfSettings(require_token=True))))
    secret = await session_of(strict)
    assert (await strict.post("/gate/mine", headers={**cookie(secret), **OWN})).status_code == 403
    token = (await strict.get("/auth/csrf", headers=cookie(secret))).json()["csrf_token"]
    headers = {**cookie(secret), **OWN, "X-CSRF-Token": token}
    assert (await strict.post("/gate/mine", headers=headers)).status_code == 200


async def test_pages_of_origins_that_the_project_trusts_may_act(make_project: MakeSite, open_client: Any) -> None:
    app, front = "https://app.example", "https://front.example"
    auth = AuthSettings(passwords=CHEAP, csrf=CsrfSettings(trusted_origins=(app,)))
    web = WebSettings(cors=CorsSettings(origins=(front,), credentials=True))
    client = await open_client(make_project(auth=auth, web=web))
    secret = await session_of(client)
    for origin, status in ((app, 200), (front, 200), ("https://other.example", 403)):
        headers = {**cookie(secret), "Origin": origin, "Sec-Fetch-Site": "cross-site"}
        assert (await client.post("/gate/mine", headers=headers)).status_code == status


async def test_what_changes_nothing_and_what_no_browser_sends_unasked_needs_no_proof(client: AsyncClient) -> None:
    secret = await session_of(client)
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    assert (await client.get("/gate/mine", headers={**cookie(secret), **foreign})).status_code == 200
    headers = {**bearer(await tokens_of(client)), **foreign}
    assert (await client.post("/gate/mine", headers=headers)).status_code == 200


async def test_a_page_of_another_site_opens_no_websocket_with_the_cookie(
    make_project: MakeSite, open_client: Any
) -> None:
    client = await open_client(make_project(allowed_hosts=("testserver", "127.0.0.1")))
    secret = await session_of(client)
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    server = uvicorn.Server(uvicorn.Config(client.app, log_config=None, access_log=False, lifespan="off"))
    serving = asyncio.create_task(server.serve([listener]))

    async def first_words(**headers: str) -> str | int:
        try:
            url = f"ws://127.0.0.1:{port}/gate/stream"
            async with connect(url, additional_headers={**cookie(secret), **headers}) as websocket:
                return str(await websocket.recv())
        except InvalidStatus as error:
            return error.response.status_code

    try:
        assert await first_words(Origin="https://evil.example") == 403
        assert await first_words(Origin="null") == 403
        assert await first_words() == 403
        assert await first_words(Origin=f"http://127.0.0.1:{port}") == "ann@example.com"
    finally:
        server.should_exit = True
        await serving


# Sessions that end -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("column", ["used_at", "expires_at"])
async def test_a_session_ends_when_it_is_idle_or_old(make_project: MakeSite, open_client: Any, column: str) -> None:
    sessions = SessionSettings(idle_ttl=3600, ttl=7200)
    project = make_project(auth=AuthSettings(passwords=CHEAP, sessions=sessions))
    client = await open_client(project)
    secret = await session_of(client)
    assert await is_known(client, secret)
    async with project.scope() as scope:
        past = datetime.now(UTC) - timedelta(seconds=3601)
        await (await scope.get(Session)).execute(update(Login).values({column: past}))
    answer = await client.get("/gate/mine", headers=cookie(secret))
    assert (answer.status_code, answer.json()["code"]) == (401, "credentials_expired")
    async with project.scope() as scope:
        logins, user = await scope.get(Logins), await (await scope.get(Users[User])).get(1)
        assert await logins.find_session(secret) is None
        assert await logins.all(user) == []
        with pytest.raises(Unauthenticated):
            await logins.renew_session(secret)


async def test_a_user_who_is_deactivated_demoted_or_deleted_meanwhile_is_so_in_the_session(
    project: Project, client: AsyncClient
) -> None:
    secret = await session_of(client)

    async def changed(method: str, **options: Any) -> httpx.Response:
        async with project.scope() as scope:
            users = await scope.get(Users[User])
            await getattr(users, method)(await users.get(1), **options)
        return await client.get("/auth/me", headers=cookie(secret))

    assert (await changed("update", full_name="Ann")).json()["full_name"] == "Ann"
    assert (await changed("deactivate")).status_code == 401
    assert (await changed("activate")).status_code == 200
    assert (await changed("delete")).status_code == 401


@pytest.mark.parametrize(
    "value", ["", '""', "\x7f", "é", "x" * 5000, "a=b", "\x00"], ids=lambda value: repr(value[:10])
)
async def test_a_cookie_of_any_shape_breaks_nothing(client: AsyncClient, value: str) -> None:
    headers = [(b"cookie", f"{COOKIE}={value}".encode())]
    answer = await client.get("/gate/greeting", headers=headers)
    assert answer.status_code in (200, 401)


async def test_a_stolen_table_logs_nobody_in(project: Project, client: AsyncClient) -> None:
    secret = await session_of(client)
    async with project.scope() as scope:
        from framework.db import Repository

        (login,) = await (await scope.get(Repository[Login])).all()
    assert login.secret_hash not in (None, secret)
    assert not await is_known(client, login.secret_hash or "")
