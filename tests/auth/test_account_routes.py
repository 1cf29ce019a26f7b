"""The routes of accounts, as somebody with a browser or a program uses them."""

from typing import Any

import pytest
from httpx import AsyncClient

from framework import Project
from framework.auth import Users
from framework.auth.settings import KeySettings
from framework.testing import Mailbox
from framework.testing.client import connect
from framework.testing.projects import Projects
from framework.throttling import ThrottlingSettings
from framework.web import WebSettings, create_app, routes
from tests.auth.conftest import Site
from tests.auth.flows import OTHER, PASSWORD, ask, make_user, read_user, settings, token_of


@pytest.fixture
def project(project_with: Projects) -> Project:
    """A site with open registration. The services behind the routes have tests on both databases."""
    return project_with(Site, auth=settings())


async def log_in(client: AsyncClient, password: str = PASSWORD, email: str = "ann@example.com") -> dict[str, str]:
    answer = await client.post("/auth/token", data={"username": email, "password": password})
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


async def test_somebody_registers_confirms_logs_in_and_changes_their_name(
    client: AsyncClient, mailbox: Mailbox
) -> None:
    asked = await client.post("/auth/register", json={"email": "ann@example.com"})
    assert asked.status_code == 202
    early = await client.post("/auth/token", data={"username": "ann@example.com", "password": PASSWORD})
    assert early.status_code == 401
    (mail,) = await mailbox.read()
    fields = {"token": token_of(mail), "password": PASSWORD, "full_name": "Ann"}
    made = await client.post("/auth/register/confirm", json=fields)
    assert made.status_code == 201
    assert made.json()["full_name"] == "Ann"
    assert made.json()["email_verified_at"].endswith("Z")
    headers = await log_in(client)
    changed = await client.patch("/auth/me", json={"full_name": "Ann A."}, headers=headers)
    assert (changed.status_code, changed.json()["full_name"]) == (200, "Ann A.")
    assert (await client.patch("/auth/me", json={}, headers=headers)).json()["full_name"] == "Ann A."


async def test_somebody_forgets_the_password_and_chooses_another(
    client: AsyncClient, project: Project, mailbox: Mailbox
) -> None:
    await make_user(project)
    headers = await log_in(client)
    assert (await client.post("/auth/password/forgot", json={"email": "ann@example.com"})).status_code == 202
    (mail,) = await mailbox.read()
    fields = {"token": token_of(mail), "password": OTHER}
    done = await client.post("/auth/password/reset", json=fields)
    assert (done.status_code, done.content) == (204, b"")
    assert (await client.get("/auth/me", headers=headers)).status_code == 401
    await log_in(client, OTHER)
    again = await client.post("/auth/password/reset", json=fields)
    assert (again.status_code, again.json()["code"]) == (422, "link_invalid")


async def test_a_changed_password_leaves_this_device_in_and_logs_the_others_out(
    client: AsyncClient, project: Project
) -> None:
    await make_user(project)
    here, there = await log_in(client), await log_in(client)
    fields = {"current_password": PASSWORD, "new_password": OTHER}
    assert (await client.post("/auth/me/password", json=fields, headers=here)).status_code == 204
    assert (await client.get("/auth/me", headers=here)).status_code == 200
    assert (await client.get("/auth/me", headers=there)).status_code == 401
    await log_in(client, OTHER)


async def test_a_session_goes_on_by_a_new_cookie_after_a_changed_password(
    client: AsyncClient, project: Project
) -> None:
    await make_user(project)
    client.base_url = "https://testserver"
    own = {"Sec-Fetch-Site": "same-origin"}
    await client.post("/auth/session", data={"username": "ann@example.com", "password": PASSWORD}, headers=own)
    before = client.cookies["__Host-session"]
    fields = {"current_password": PASSWORD, "new_password": OTHER}
    assert (await client.post("/auth/me/password", json=fields, headers=own)).status_code == 204
    after = client.cookies["__Host-session"]
    assert after != before
    assert (await client.get("/auth/me")).status_code == 200
    stale = await client.get("/auth/me", headers={"Cookie": f"__Host-session={before}"})
    assert stale.status_code == 401


async def test_a_page_of_another_site_changes_nothing_by_a_cookie(client: AsyncClient, project: Project) -> None:
    await make_user(project)
    client.base_url = "https://testserver"
    own = {"Sec-Fetch-Site": "same-origin"}
    await client.post("/auth/session", data={"username": "ann@example.com", "password": PASSWORD}, headers=own)
    foreign = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    for path, fields in (
        ("/auth/me/password", {"current_password": PASSWORD, "new_password": OTHER}),
        ("/auth/me/email", {"password": PASSWORD, "email": "evil@example.com"}),
        ("/auth/me/delete", {"password": PASSWORD}),
    ):
        assert (await client.post(path, json=fields, headers=foreign)).status_code == 403
    assert (await read_user(project)).is_active


async def test_an_address_is_changed_by_its_new_owner(client: AsyncClient, project: Project, mailbox: Mailbox) -> None:
    await make_user(project)
    headers = await log_in(client)
    fields = {"password": PASSWORD, "email": "new@example.com"}
    assert (await client.post("/auth/me/email", json=fields, headers=headers)).status_code == 202
    token = next(token_of(mail) for mail in await mailbox.read() if mail.to == "new@example.com")
    assert (await client.post("/auth/email/confirm", json={"token": token}, headers=headers)).status_code == 204
    assert (await client.get("/auth/me", headers=headers)).json()["email"] == "new@example.com"
    assert [mail.to for mail in await mailbox.read()] == ["ann@example.com"]


async def test_an_address_is_verified(client: AsyncClient, project: Project, mailbox: Mailbox) -> None:
    await make_user(project)
    headers = await log_in(client)
    assert (await client.post("/auth/me/verification", headers=headers)).status_code == 202
    (mail,) = await mailbox.read()
    assert (await client.post("/auth/email/verify", json={"token": token_of(mail)}, headers=headers)).status_code == 204
    assert (await client.get("/auth/me", headers=headers)).json()["email_verified_at"]


@pytest.mark.parametrize("end", ["deactivate", "delete"])
async def test_an_account_ends_by_its_password_and_takes_the_cookie_along(
    client: AsyncClient, project: Project, end: str
) -> None:
    await make_user(project)
    client.base_url = "https://testserver"
    own = {"Sec-Fetch-Site": "same-origin"}
    await client.post("/auth/session", data={"username": "ann@example.com", "password": PASSWORD}, headers=own)
    wrong = await client.post(f"/auth/me/{end}", json={"password": "wrong"}, headers=own)
    assert (wrong.status_code, wrong.json()["code"]) == (422, "password_wrong")
    assert (await client.post(f"/auth/me/{end}", json={"password": PASSWORD}, headers=own)).status_code == 204
    assert "__Host-session" not in client.cookies
    assert (await client.get("/auth/me")).status_code == 401
    again = await client.post("/auth/token", data={"username": "ann@example.com", "password": PASSWORD})
    assert again.status_code == 401


async def test_an_export_is_json_that_nobody_keeps(client: AsyncClient, project: Project) -> None:
    await make_user(project)
    exported = await client.post("/auth/me/export", json={"password": PASSWORD}, headers=await log_in(client))
    assert exported.status_code == 200
    assert exported.headers["cache-control"] == "no-store"
    assert exported.json()["user"]["email"] == "ann@example.com"


async def test_an_api_key_is_not_enough_for_what_its_user_does_in_person(client: AsyncClient, project: Project) -> None:
    await make_user(project)
    made = await client.post("/auth/keys", json={"name": "mine"}, headers=await log_in(client))
    headers = {"X-API-Key": made.json()["key"]}
    assert (await client.get("/auth/me", headers=headers)).status_code == 200
    for path, fields in (
        ("/auth/me/password", {"current_password": PASSWORD, "new_password": OTHER}),
        ("/auth/me/delete", {"password": PASSWORD}),
        ("/auth/me/export", {"password": PASSWORD}),
    ):
        answer = await client.post(path, json=fields, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "login_needed")


@pytest.mark.parametrize("ends", [False, True])
async def test_a_new_password_ends_api_keys_where_the_project_says_so_and_else_tells_of_them(
    project_with: Projects, ends: bool
) -> None:
    project = project_with(Site, auth=settings().model_copy(update={"keys": KeySettings(end_with_password=ends)}))
    await make_user(project)
    app, mailbox = create_app(project), Mailbox(project)
    async with app.router.lifespan_context(app), connect(app, {}) as client:
        by_token = await log_in(client)
        made = await client.post("/auth/keys", json={"name": "mine"}, headers=by_token)
        fields = {"current_password": PASSWORD, "new_password": OTHER}
        assert (await client.post("/auth/me/password", json=fields, headers=by_token)).status_code == 204
        by_key = await client.get("/auth/me", headers={"X-API-Key": made.json()["key"]})
        assert by_key.status_code == (401 if ends else 200)
        (mail,) = await mailbox.read()
        assert ("an API key of yours (1)" in mail.text) is not ends


async def test_who_may_add_users_invites_them(client: AsyncClient, project: Project, mailbox: Mailbox) -> None:
    ann = await make_user(project)
    headers = await log_in(client)
    new = {"email": "new@example.com"}
    assert (await client.post("/auth/invites", json=new)).status_code == 401
    assert (await client.post("/auth/invites", json=new, headers=headers)).status_code == 403
    await ask(project, Users, lambda users: raised(users, ann.id))
    headers = await log_in(client)
    assert (await client.post("/auth/invites", json={"email": ann.email}, headers=headers)).status_code == 409
    assert (await client.post("/auth/invites", json=new, headers=headers)).status_code == 202
    (mail,) = await mailbox.read()
    fields = {"token": token_of(mail), "password": PASSWORD}
    assert (await client.post("/auth/invites/accept", json=fields)).status_code == 201
    assert (await log_in(client, email="new@example.com")) != headers


async def raised(users: Users, id: int) -> object:
    return await users.set_privileges(await users.get(id), is_superuser=True)


async def test_what_a_password_must_be_like_is_told_before(client: AsyncClient) -> None:
    assert any("8" in sentence for sentence in (await client.get("/auth/password/requirements")).json())


async def test_a_weak_password_is_refused_with_what_is_wrong_with_it(client: AsyncClient, mailbox: Mailbox) -> None:
    await client.post("/auth/register", json={"email": "ann@example.com"})
    (mail,) = await mailbox.read()
    fields = {"token": token_of(mail), "password": "1234567"}
    answer = await client.post("/auth/register/confirm", json=fields)
    assert answer.status_code == 422
    (field,) = answer.json()["errors"]
    assert field["name"] == "password"
    assert "1234567" not in answer.text


async def test_too_many_attempts_are_told_when_to_come_back(project_with: Projects) -> None:
    project = project_with(Site, auth=settings(), throttling=ThrottlingSettings())
    app = create_app(project)
    async with app.router.lifespan_context(app), connect(app, {}) as client:
        login = {"username": "ann@example.com", "password": "wrong"}
        for _ in range(5):
            assert (await client.post("/auth/token", data=login)).status_code == 401
        refused: Any = await client.post("/auth/token", data=login)
        assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
        assert 0 < int(refused.headers["retry-after"]) <= 61


async def test_a_project_leaves_the_routes_out_and_keeps_the_services(project_with: Projects) -> None:
    project = project_with(Site, auth=settings(), web=WebSettings(mounts={"auth": None}))
    assert [route for route in routes(project) if route.app == "auth"] == []
    async with project.lifespan():
        await make_user(project)
        assert (await read_user(project)).email == "ann@example.com"
