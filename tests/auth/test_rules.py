"""The rules of auth on real routes, with real tokens and keys: who gets in, who is told 401, and who 403."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Any

import pytest
from fastapi import APIRouter
from httpx import AsyncClient

from framework import Project
from framework.auth import ApiKeys, CurrentUser, OptionalUser, Require, Scopes, Tokens, Users
from framework.checks import run
from framework.errors import FrameworkError, ImproperlyConfigured
from framework.testing.client import connect
from framework.testing.projects import Projects
from framework.testing.rows import Make
from framework.users.models import User
from framework.web import create_app, routes
from tests.auth.conftest import Site
from tests.auth.press.models import Story

APPS = (*Site.model_fields["installed_apps"].default, "tests.auth.press")
PATHS = ("public", "maybe", "login", "view", "edit", "scoped", "narrow", "office/door", "office/hall", "office/desk")

type Login = Callable[..., Awaitable[dict[str, str]]]


@pytest.fixture
def project(project_with: Projects) -> Project:
    return project_with(Site, installed_apps=APPS)


@pytest.fixture
async def client(project: Project, anyio_backend: object) -> AsyncGenerator[AsyncClient]:
    app = create_app(project)
    async with app.router.lifespan_context(app), connect(app, {}) as http:
        yield http


@pytest.fixture
def login(project: Project, make: Make, permit: Any) -> Login:
    """Make a user with permissions, and return the headers of one who is logged in."""

    async def login(*permissions: str, scopes: list[str] | None = None, **fields: Any) -> dict[str, str]:
        user = await make(User, **fields)
        await permit(user, *permissions)
        async with project.scope() as scope:
            pair = await (await scope.get(Tokens)).issue(user, scopes=scopes)
        return {"Authorization": f"Bearer {pair.access_token}"}

    return login


async def answers(client: AsyncClient, headers: dict[str, str], *paths: str) -> str:
    """Return the statuses of several routes, `"200 401 403"`."""
    return " ".join([str((await client.get(f"/press/{path}", headers=headers)).status_code) for path in paths])


async def test_who_gets_in_where(client: AsyncClient, login: Login) -> None:
    both = ("press.view_note", "press.change_note")
    callers = {
        "nobody": {},
        "a stranger": {"Authorization": "Bearer nonsense"},
        "a user": await login(),
        "a viewer": await login("press.view_note"),
        "an editor": await login(*both),
        "staff": await login(is_staff=True),
        "permitted staff": await login("press.view_note", is_staff=True),
        "a superuser": await login(is_superuser=True),
    }
    assert {name: await answers(client, headers, *PATHS) for name, headers in callers.items()} == {
        #                   public maybe login view edit scoped narrow door hall desk
        "nobody":          "200 200 401 401 401 401 401 401 401 401",
        "a stranger":      "200 401 401 401 401 401 401 401 401 401",
        "a user":          "200 200 200 403 403 200 403 403 200 403",
        "a viewer":        "200 200 200 200 403 200 200 403 200 403",
        "an editor":       "200 200 200 200 200 200 200 403 200 403",
        "staff":           "200 200 200 403 403 200 403 200 200 403",
        "permitted staff": "200 200 200 200 403 200 200 200 200 200",
        "a superuser":     "200 200 200 200 200 200 200 200 200 200",
    }  # fmt: skip


async def test_what_was_made_for_some_scopes_is_good_for_no_more(client: AsyncClient, login: Login) -> None:
    assert {
        scopes: await answers(client, await login("press.view_note", scopes=scopes.split()), *PATHS)
        for scopes in ("notes:read", "notes:read notes:list", "press.view_note", "")
    } == {
        #                         public maybe login view edit scoped narrow door hall desk
        "notes:read":            "200 403 403 403 403 200 403 403 403 403",
        "notes:read notes:list": "200 403 403 403 403 200 200 403 403 403",
        "press.view_note":       "200 403 403 200 403 403 403 403 403 403",
        "":                      "200 403 403 403 403 403 403 403 403 403",
    }  # fmt: skip
    chief = await login(is_superuser=True, scopes=["notes:read"])
    assert await answers(client, chief, "login", "scoped", "view") == "403 200 403"
    weak = await login(scopes=["press.view_note"])
    assert await answers(client, weak, "view") == "403"  # a scope is no permission


async def test_a_refusal_for_a_scope_says_which_in_the_header(client: AsyncClient, login: Login) -> None:
    refused = await client.get("/press/narrow", headers=await login("press.view_note", scopes=["notes:list"]))
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert refused.headers["www-authenticate"] == 'Bearer error="insufficient_scope", scope="notes:list notes:read"'


async def test_an_api_key_is_bounded_by_its_scopes_and_one_without_by_its_user(
    project: Project, client: AsyncClient, make: Make
) -> None:
    user = await make(User)
    async with project.scope() as scope:
        keys = await scope.get(ApiKeys)
        narrow = (await keys.create(user, "narrow", scopes=["notes:read"])).secret
        wide = (await keys.create(user, "wide")).secret
    paths = ("public", "login", "scoped", "view")
    assert await answers(client, {"X-API-Key": narrow}, *paths) == "200 403 200 403"
    assert await answers(client, {"X-API-Key": wide}, *paths) == "200 200 200 403"


async def test_missing_credentials_are_asked_for_and_a_known_user_is_only_refused(
    client: AsyncClient, login: Login
) -> None:
    missing = await client.get("/press/view")
    assert (missing.headers["www-authenticate"], missing.json()["code"]) == ("Bearer", "credentials_missing")
    refused = await client.get("/press/view", headers=await login())
    assert "www-authenticate" not in refused.headers
    assert refused.json()["code"] == "permission_denied"


async def test_a_permission_that_does_not_exist_lets_nobody_in(client: AsyncClient, login: Login) -> None:
    for headers in (await login(), await login(is_superuser=True)):
        with pytest.raises(FrameworkError, match=r"Did you mean 'press.view_note'"):
            await client.get("/press/wrong", headers=headers)


async def test_the_next_request_knows_what_changed_meanwhile(
    project: Project, client: AsyncClient, login: Login
) -> None:
    """A user demoted, and one switched off, with a token in hand that is good for a while."""
    staff, chief = await login(is_staff=True, id=7), await login(is_superuser=True, id=8)
    assert await answers(client, staff, "office/door") == await answers(client, chief, "view") == "200"
    async with project.scope() as scope:
        users = await scope.get(Users[User])
        await users.set_privileges(await users.get(7), is_staff=False)
        await users.set_privileges(await users.get(8), is_superuser=False)
    assert await answers(client, staff, "office/door", "login") == "403 200"
    assert await answers(client, chief, "view", "login") == "403 200"
    async with project.scope() as scope:
        users = await scope.get(Users[User])
        await users.deactivate(await users.get(7))
    assert await answers(client, staff, "login", "maybe", "public") == "401 401 200"


async def test_permissions_are_read_in_one_statement_a_request(
    project: Project, client: AsyncClient, login: Login, statements: Any
) -> None:
    editor = await login("press.view_note", "press.change_note")
    with statements(project) as seen:
        assert await answers(client, editor, "edit") == "200"
    assert len(seen) == 2  # the user with the login, and the permissions
    with statements(project) as seen:
        assert await answers(client, editor, "public", "maybe") == "200 200"
    assert len(seen) == 1


def test_every_route_shows_its_rule(project: Project) -> None:
    assert {route.name.removeprefix("press:"): route.access for route in routes(project) if route.app == "press"} == {
        "public": "Public",
        "maybe": "Public",
        "login": "LoginRequired",
        "view": 'Require("press.view_note")',
        "edit": 'Require("press.view_note", "press.change_note")',
        "scoped": 'Scopes("notes:read")',
        "narrow": 'Require("press.view_note"), Scopes("notes:read", "notes:list")',
        "wrong": 'Require("press.veiw_note")',
        "door": "StaffRequired",
        "hall": "LoginRequired",
        "desk": 'StaffRequired, Require("press.view_note")',
        "phone": "StaffRequired",
        "stories": 'Scopes("stories")',
        "change_story": 'Scopes("stories")',
    }


@pytest.mark.parametrize("rule", [Require, Scopes])
def test_a_rule_that_demands_nothing_is_an_error(rule: Any) -> None:
    with pytest.raises(FrameworkError, match=f"{rule.__name__}\\(\\) demands nothing") as error:
        rule()
    assert error.value.code == "auth.empty-rule"


async def test_the_description_names_scopes_where_they_are_needed(client: AsyncClient) -> None:
    schema = (await client.get("/openapi.json")).json()
    security = {path: item["get"].get("security") for path, item in schema["paths"].items() if "get" in item}
    assert security["/press/public"] is None
    assert security["/press/maybe"][0] == {}
    assert {"token": []} in security["/press/login"]
    assert {"token": ["notes:read", "notes:list"]} in security["/press/narrow"]
    flow = schema["components"]["securitySchemes"]["token"]["flows"]["password"]
    assert flow["scopes"] == {"notes:read": "", "notes:list": "", "stories": ""}


def test_the_checks_find_a_rule_whose_permission_no_model_has(project: Project) -> None:
    (found,) = [message for message in run(project) if message.code == "auth.unknown-permission"]
    assert found.text == "GET /press/wrong (press:wrong) demands the permission 'press.veiw_note', which no model has."
    assert found.hint == "Did you mean 'press.view_note'?"
    assert str(found.where).endswith("press/routes.py:58")


def test_the_checks_warn_of_a_parameter_that_demands_less_than_the_router_or_app(project: Project) -> None:
    (found,) = [message for message in run(project) if message.code == "auth.overridden-rule"]
    assert found.text == (
        "GET /press/office/hall (press:hall) is LoginRequired by a parameter, where its router or app demands "
        "StaffRequired."
    )
    assert "`dependencies=[StaffRequired]`, and both hold; or write `dependencies=[LoginRequired]`" in str(found.hint)
    assert str(found.where).endswith("press/routes.py:68")


async def test_a_list_holds_what_single_objects_allow_in_routes_too(
    client: AsyncClient, login: Login, make: Make
) -> None:
    """An object that a list leaves out cannot be changed by its number."""
    ann, ben = await login(id=7), await login(id=8)
    for author in (7, 7, 8):
        await make(Story, author_id=author)
    for headers, own in ((ann, [1, 2]), (ben, [3])):
        assert (await client.get("/press/stories", headers=headers)).json() == own
        tried = [(await client.put(f"/press/stories/{id}", headers=headers)).status_code for id in (1, 2, 3)]
        assert tried == [200 if id in own else 403 for id in (1, 2, 3)]


async def test_no_key_and_no_narrow_token_makes_a_key_that_is_good_for_more(
    project: Project, client: AsyncClient, login: Login, make: Make
) -> None:
    user = await make(User)
    async with project.scope() as scope:
        keys = await scope.get(ApiKeys)
        made = [await keys.create(user, "narrow", scopes=["notes:read"]), await keys.create(user, "wide")]
    callers = [{"X-API-Key": key.secret} for key in made]
    callers += [await login(scopes=scopes) for scopes in (["notes:read"], ["*"], ["auth:keys"])]
    for headers in callers:
        for fields in ({}, {"scopes": ["notes:read"]}, {"scopes": ["*"]}, {"scopes": None}):
            answer = await client.post("/auth/keys", json={"name": "more", **fields}, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "login_needed")


async def test_a_narrow_token_can_log_itself_out_and_nothing_else(client: AsyncClient, login: Login) -> None:
    headers = await login(scopes=["notes:read"])
    assert (await client.post("/auth/logout/all", headers=headers)).status_code == 403
    assert (await client.get("/auth/me", headers=headers)).status_code == 403
    assert (await client.post("/auth/logout", headers=headers)).status_code == 204
    assert await answers(client, headers, "scoped") == "401"


@pytest.mark.parametrize("marker", [CurrentUser, OptionalUser])
def test_a_parameter_that_names_no_class_of_users_is_told_what_it_lacks(marker: Any) -> None:
    async def read(user: marker) -> None: ...

    with pytest.raises(ImproperlyConfigured) as caught:
        APIRouter().get("/")(read)
    assert caught.value.code == "auth.bare-user"
    assert f"`user: {marker.__name__}[User]`" in str(caught.value.hint)
