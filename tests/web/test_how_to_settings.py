"""The page on the settings of the web: its project is served as it says, and the settings that it names are there."""

import re

import pytest

from framework import Project
from framework.conf import Settings
from framework.web import WebSettings, create_app, routes
from tests.documents import HOW_TO, blocks, files

PAGE = HOW_TO / "web-settings.md"
SHOP = """
from fastapi import APIRouter

router = APIRouter()


@router.get("/chairs")
async def chairs() -> int:
    return 4
"""


@pytest.fixture
def settings(write) -> type[Settings]:
    """The settings of the page, beside the apps that they name."""
    found = files(PAGE)
    write("blog", routes=found["blog/routes.py"])
    write("shop", routes=SHOP)
    write("config", errors=found["config/errors.py"], settings=found["config/settings.py"])
    from config.settings import ProjectSettings

    return ProjectSettings


def load(settings: type[Settings], **environ: str) -> Project:
    return Project(settings(_env_file=None, _secrets_dir=None, _environ=environ, secret_key="only for tests " * 4))


async def test_apps_are_where_the_page_puts_them(settings, client):
    project = load(settings)
    async with client(project, base_url="https://example.com") as http:
        first = await http.get("/api/posts/1")
        assert (first.status_code, first.headers["link"]) == (200, "</api/posts/2>; rel=next")
        assert (await http.get("/shop/chairs")).json() == 4
        assert (await http.get("/health/live")).status_code == 200
        assert (await http.get("/docs")).status_code == 200
        assert (await http.get("/redoc")).status_code == 404
    assert routes(project).reverse("blog:read", id=1) == "/api/posts/1"


async def test_hosts_origins_headers_and_sizes_are_as_the_page_says(settings, client):
    async with client(load(settings), base_url="https://example.com") as http:
        assert (await http.get("/api/posts/1", headers={"host": "evil.example"})).status_code == 400
        assert (await http.get("/health/live", headers={"host": "10.0.0.7"})).status_code == 200
        told = (await http.get("/api/posts/1", headers={"origin": "https://app.example.com"})).headers
        assert told["access-control-allow-origin"] == "https://app.example.com"
        assert told["access-control-allow-credentials"] == "true"
        assert told["access-control-expose-headers"] == "X-Request-ID, ETag"
        assert told["x-content-type-options"] == "nosniff"
        assert told["x-frame-options"] == "SAMEORIGIN"
        assert told["referrer-policy"] == told["cross-origin-opener-policy"] == "same-origin"
        assert told["strict-transport-security"] == "max-age=31536000"
        assert told["content-encoding"] == "gzip"
        stranger = await http.get("/api/posts/1", headers={"origin": "https://evil.example"})
        assert "access-control-allow-origin" not in stranger.headers
        assert (await http.post("/api/posts/upload", content=b"x" * 2_000_000)).json() == 2_000_000
        assert (await http.post("/api/posts/1", content=b"x" * 2_000_000)).status_code == 413


async def test_failures_are_rendered_by_the_function_of_the_page(settings, client):
    project = load(settings)
    async with client(project, base_url="https://example.com") as http:
        failure = (await http.get("/api/posts/x")).json()
        assert (failure["code"], set(failure["fields"])) == ("invalid", {"id"})
        assert (await http.get("/nowhere")).json()["code"] == "not_found"
    assert "Failure" in create_app(project).openapi()["components"]["schemas"]


async def test_the_variables_of_the_page_change_what_they_say(settings, client):
    (line,) = blocks(PAGE, "shell")
    environ = dict(part.split("=", 1) for part in line.split())
    project = load(settings, **environ)
    assert project.settings.section(WebSettings).cors.origins == ("https://a.example.com", "https://b.example.com")
    assert project.settings.section(WebSettings).cors.credentials
    async with client(project, base_url="https://example.com") as http:
        assert (await http.get("/v1/posts/1")).status_code == 200
        assert (await http.get("/openapi.json")).status_code == (await http.get("/docs")).status_code == 404


def test_the_settings_that_the_page_names_are_there():
    page = PAGE.read_text()
    named = {name.lower().replace("__", ".") for name in re.findall(r"WEB__([A-Z_]+)", page)}
    named |= set(re.findall(r"`((?:cors|security|telemetry|docs|gzip)\.\w+)", page))
    assert len(named) >= 9
    for name in named:
        section = WebSettings()
        for part in name.split("."):
            section = getattr(section, part)


async def test_the_headers_that_every_response_has_are_those_of_the_page(build, client, write):
    write("shop", routes=SHOP)
    async with client(build("shop")) as http:
        told = (await http.get("/chairs")).headers
    for name, value in re.findall(r"`([A-Z][\w-]+): ([\w-]+)`", PAGE.read_text()):
        assert told[name] == value
