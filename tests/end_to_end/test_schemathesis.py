"""Whatever Schemathesis draws from the API description of a new project with users, no answer is a 5xx.

The draws are the same every time. To draw others, and more: FUZZ_EXAMPLES=500 FUZZ_SEED=7 pytest -n0 <this file>.
"""

import asyncio
import importlib.util
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import openapi
from schemathesis.generation import GenerationMode

from framework import Project
from framework.auth import AuthSettings, Tokens, Users
from framework.auth.settings import PasswordSettings
from framework.db import DatabaseSettings
from framework.testing.projects import Projects
from framework.throttling import ThrottlingSettings
from framework.users.models import User
from framework.web import WebSettings, create_app
from framework.web.settings import LoadSettings

TEMPLATES = Path(__file__).parents[2] / "project_template"
EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
CHEAP = PasswordSettings(bcrypt_cost=4)
DATABASES = ("sqlite:///db.sqlite3", "postgresql://localhost/site")
URL = "http://testserver"
PASSWORD = "correct horse battery"


@pytest.fixture(scope="module")
def template() -> Iterator[type[Any]]:
    """The settings that `startproject` writes, with what `startapp` writes importable."""
    sys.path.insert(0, str(TEMPLATES))
    spec = importlib.util.spec_from_file_location("new_project_settings", TEMPLATES / "project/config/settings.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module.ProjectSettings
    sys.path.remove(str(TEMPLATES))


def written(template: type[Any], field: str) -> Any:
    """Return what the template's settings say of a field."""
    return template.model_fields[field].default


def new_project(url: str, template: type[Any], project_with: Projects) -> Project:
    """Return a new project with users and an app, on a database of the kind of `url`."""

    class NewProject(template):
        installed_apps: tuple[str, ...] = (*written(template, "installed_apps"), "app")
        database: DatabaseSettings = DatabaseSettings(url=url)
        auth: AuthSettings = written(template, "auth").model_copy(update={"passwords": CHEAP})
        # Between two draws the loop stands still, which is no overload.
        web: WebSettings = written(template, "web").model_copy(update={"load": LoadSettings(interval=600)})
        throttling: ThrottlingSettings = ThrottlingSettings(enabled=False)  # or most answers were 429

    return project_with(NewProject)


class Caller:
    """Calls a project, as nobody or as somebody who is logged in, and notes every failure of the server."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.runner = asyncio.Runner()
        self.app = create_app(project)
        self.lifespan = self.app.router.lifespan_context(self.app)
        self.headers: dict[str, str] = {}
        self.statuses: Counter[int] = Counter()
        self.failures: list[str] = []
        self._users = 0

    def __enter__(self) -> "Caller":
        self.runner.__enter__()
        self.runner.run(self.lifespan.__aenter__())
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.client = httpx.AsyncClient(transport=transport, base_url=URL)
        return self

    def __exit__(self, *error: object) -> None:
        self.runner.run(self.client.aclose())
        self.runner.run(self.lifespan.__aexit__(None, None, None))
        self.runner.__exit__(*error)

    def log_in(self) -> None:
        """Call as a new user from here on."""

        async def log_in() -> str:
            async with self.project.scope() as scope:
                users, tokens = await scope.get(Users[User]), await scope.get(Tokens)
                user = await users.create(email=f"user{self._users}@example.com", password=PASSWORD)
                return (await tokens.issue(user)).access_token

        self._users += 1
        self.headers = {"Authorization": f"Bearer {self.runner.run(log_in())}"}

    def call(self, case: Any) -> None:
        """Send what is drawn, as nobody and as somebody."""
        for headers in ({}, self.headers):
            asked = case.as_transport_kwargs(base_url=URL, headers={**(case.headers or {}), **headers})
            asked.pop("cookies", None)
            if isinstance(asked.get("data"), bytes | str):
                asked["content"] = asked.pop("data")
            try:
                answer = self.runner.run(self.client.request(**asked))
            except (httpx.InvalidURL, UnicodeError):
                return  # nothing that a client could send
            self.statuses[answer.status_code] += 1
            if answer.status_code >= 500:
                self.failures.append(f"{answer.status_code} {answer.text} {case.as_curl_command()}")
        if answer.status_code == 401:
            self.log_in()  # this request, or one before it, ended the login


@pytest.mark.timeout(240 if EXAMPLES < 50 else 0)
def test_nothing_that_can_be_drawn_from_the_description_makes_the_server_fail(
    template: type[Any], project_with: Projects
) -> None:
    projects = [new_project(url, template, project_with) for url in DATABASES]
    with ExitStack() as stack:
        callers = [stack.enter_context(Caller(project)) for project in projects]
        for caller in callers:
            caller.log_in()
        for result in openapi.from_dict(callers[0].app.openapi()).get_all_operations():
            draw(result.ok().as_strategy(), callers)
            with suppress(Unsatisfiable):  # where nothing can be wrong
                draw(result.ok().as_strategy(generation_mode=GenerationMode.NEGATIVE), callers)
    for caller in callers:
        assert caller.failures == []
        assert {200, 201, 204, 401, 404, 422} <= set(caller.statuses)  # the draws went deep


def draw(strategy: Any, callers: Sequence[Caller]) -> None:
    """Call what is drawn, which takes as long as all the calls together: once for both databases."""

    @seed(SEED)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def each(case: Any) -> None:
        for caller in callers:
            caller.call(case)

    each()
