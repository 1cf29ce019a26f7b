"""Probes: really asked, all at once, each with a time limit."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from framework import Project, Settings
from framework.health import Health, HealthSettings
from framework.web import WebSettings, create_app, routes


class HealthProject(Settings):
    """A project with a health section."""

    health: HealthSettings = HealthSettings(timeout=0.2)
    web: WebSettings = WebSettings(prefix="/api")


APP = """
from framework import AppConfig

class Config(AppConfig):
    name = "{}"
    probes = {{}}

    def health(self, project):
        return self.probes
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Load a project whose apps `leaning` and `second` depend on the given probes."""
    for name in ("leaning", "second"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / "apps.py").write_text(APP.format(name))
    monkeypatch.syspath_prepend(str(tmp_path))

    def load(*probes: dict[str, Any], **settings: Any) -> Project:
        settings = {"secret_key": "only for tests " * 4, **settings}
        apps = ("framework.health", "leaning", "second")
        project = Project(HealthProject(_env_file=None, installed_apps=apps, **settings))
        for name, own in zip(("leaning", "second"), probes, strict=False):
            config: Any = project.apps[name]
            config.probes = own
        return project

    yield load
    for module in [name for name in sys.modules if name.partition(".")[0] in ("leaning", "second")]:
        del sys.modules[module]


async def ask(project: Project, path: str, host: str = "localhost") -> httpx.Response:
    transport = httpx.ASGITransport(create_app(project))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{host}") as http:
        return await http.get(path)


async def well() -> None: ...


async def broken() -> None:
    raise ConnectionError("password authentication failed for user root")


async def slow_without() -> str:
    return "the cache does not answer"


async def hanging() -> None:
    await asyncio.sleep(60)


async def stubborn() -> None:
    try:
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(1)  # its clean-up hangs too


async def test_a_live_process_says_so_whatever_is_broken(project):
    response = await ask(project({"database": broken}), "/health/live")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_a_project_is_ready_when_everything_answers(project):
    response = await ask(project({"database": well}, {"cache": well}), "/health/ready")
    assert response.status_code == 200
    body = response.json()
    assert body["status"] == "ok"
    assert {name: check["status"] for name, check in body["checks"].items()} == {"database": "ok", "cache": "ok"}
    assert response.headers["cache-control"] == "no-store"


async def test_one_broken_thing_is_a_503_that_names_it_and_tells_no_more(project, caplog):
    response = await ask(project({"database": broken}, {"cache": well}), "/health/ready")
    assert response.status_code == 503
    assert response.json()["checks"]["database"].keys() == {"status", "milliseconds"}
    assert response.json()["checks"]["cache"]["status"] == "ok"
    assert "password" not in response.text
    assert "database is not well: ConnectionError: password" in caplog.text


async def test_in_debug_the_reason_is_shown(project):
    response = await ask(project({"database": broken}, debug=True), "/health/ready")
    assert response.json()["checks"]["database"]["error"].startswith("ConnectionError: password")


@pytest.mark.parametrize("probe", [hanging, stubborn])
async def test_what_hangs_is_given_up_after_the_limit_and_all_are_asked_at_once(project, probe):
    began = time.monotonic()
    loaded = project({"one": probe, "two": probe}, {"three": probe, "four": well}, debug=True)
    response = await ask(loaded, "/health/ready")
    assert time.monotonic() - began < 0.9
    assert response.status_code == 503
    checks = response.json()["checks"]
    assert checks["one"]["error"] == "no answer within 0.2 seconds"
    assert [check["status"] for check in checks.values()] == ["error", "error", "error", "ok"]


async def test_a_name_that_two_apps_use_gets_a_label(project):
    response = await ask(project({"database": well}, {"database": broken}), "/health/ready")
    checks = response.json()["checks"]
    assert {name: check["status"] for name, check in checks.items()} == {"database": "ok", "second.database": "error"}


async def test_probes_stand_outside_the_prefix_and_answer_to_any_host(project):
    loaded = project(allowed_hosts=("example.com",))
    assert [route.path for route in routes(loaded)] == ["/health/live", "/health/ready"]
    assert (await ask(loaded, "/health/live", host="10.0.0.9")).status_code == 200
    assert create_app(loaded).openapi()["paths"] == {}


async def test_a_service_outside_a_request_asks_the_same_way(project):
    async with project({"database": well}).scope() as scope:
        report = await (await scope.get(Health)).report()
    assert report.status == "ok"


async def test_what_does_worse_is_told_and_serves_on(project: Any) -> None:
    """A load balancer goes by the status code: taking out every process would leave nobody to answer."""
    response = await ask(project({"cache": slow_without, "database": well}, debug=True), "/health/ready")
    assert response.status_code == 200
    assert response.json()["status"] == "degraded"
    checks = response.json()["checks"]
    assert (checks["cache"]["status"], checks["cache"]["error"]) == ("degraded", "the cache does not answer")
    assert checks["database"]["status"] == "ok"
    response = await ask(project({"cache": slow_without, "database": broken}), "/health/ready")
    assert (response.status_code, response.json()["status"]) == (503, "error")
