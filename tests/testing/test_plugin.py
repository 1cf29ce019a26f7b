"""What the plugin gives a user's tests: the project, its app, a client and a scope."""

import re

import pytest

from tests.testing.conftest import Run

pytestmark = pytest.mark.timeout(180)  # each test starts a pytest, and some servers, of its own

MANAGE = """
    from framework.management import main

    if __name__ == "__main__":
        main(settings="config.settings:ProjectSettings")
"""

SETTINGS = """
    from framework import Section, Settings

    class GreetingSettings(Section):
        word: str = "Hello"
        mark: str = "!"

    class ProjectSettings(Settings):
        installed_apps: tuple[str, ...] = ("greetings",)
        greeting: GreetingSettings = GreetingSettings(mark=".")
"""

APPS = """
    from contextlib import asynccontextmanager

    from framework import AppConfig

    STEPS = []

    class GreetingsConfig(AppConfig):
        name = "greetings"

        @asynccontextmanager
        async def lifespan(self, project):
            STEPS.append("start")
            yield
            STEPS.append("stop")
"""

SERVICES = """
    from config.settings import GreetingSettings
    from framework import service

    @service
    class Greeter:
        def __init__(self, settings: GreetingSettings) -> None:
            self.settings = settings

        def greet(self, name: str) -> str:
            return f"{self.settings.word} {name}{self.settings.mark}"
"""

ROUTES = """
    from fastapi import APIRouter
    from framework.web import Inject

    from greetings.services import Greeter

    router = APIRouter(prefix="/greetings")

    @router.get("/{name}")
    async def read(name: str, greeter: Inject[Greeter]) -> str:
        return greeter.greet(name)

    @router.post("/crash")
    async def crash() -> None:
        raise RuntimeError("the floor is lava")
"""


# What a user's tests see, by what it proves: files of one run, because starting pytest costs more than all of them.
SEEN = {
    "a client calls the running project": """
    from greetings.apps import STEPS

    async def test_greeting(client):
        assert STEPS == ["start"]
        response = await client.get("/greetings/Ada")
        assert (response.status_code, response.json()) == (200, "Hello Ada.")

    def test_the_project_was_stopped():
        assert STEPS == ["start", "stop"]
    """,
    "a client raises what the server did": """
    import pytest

    async def test_crash(client):
        with pytest.raises(RuntimeError, match="the floor is lava"):
            await client.post("/greetings/crash")
    """,
    "a scope and a client share one running project": """
    from greetings.apps import STEPS
    from greetings.services import Greeter

    async def test_service(scope, project):
        assert STEPS == ["start"]
        greeter = await scope.get(Greeter)
        assert greeter.greet("Ada") == "Hello Ada."
        assert project.settings.greeting is greeter.settings

    async def test_service_and_client(scope, client):
        assert STEPS == ["start", "stop", "start"]
        assert (await scope.get(Greeter)).greet("Ada") == (await client.get("/greetings/Ada")).json()
    """,
    "settings are changed for one test": """
    from config.settings import GreetingSettings, ProjectSettings

    def test_with(project_with):
        changed = project_with(debug=True, greeting=GreetingSettings(word="Hi"))
        plain = project_with()
        assert (changed.settings.debug, changed.settings.greeting.word) == (True, "Hi")
        assert (plain.settings.debug, plain.settings.greeting.word) == (False, "Hello")
        assert type(plain.settings) is ProjectSettings

    def test_part_of_a_section(project_with):
        greeting = project_with(greeting={"word": "Hi"}).settings.greeting
        assert (greeting.word, greeting.mark) == ("Hi", "."), "the mark is what the settings file says"

    class Other(ProjectSettings):
        allowed_hosts: tuple[str, ...] = ("example.com",)

    def test_another_class(project_with):
        settings = project_with(Other).settings
        assert isinstance(settings, Other)
        assert "example.com" in settings.allowed_hosts
    """,
    "an overridden project is what the client calls": """
    import pytest
    from greetings.services import Greeter

    class Shy(Greeter):
        def greet(self, name):
            return "..."

    @pytest.fixture
    def project(project_with):
        project = project_with()
        project.services.provide(Greeter, Shy)
        return project

    async def test_greeting(client):
        assert (await client.get("/greetings/Ada")).json() == "..."
    """,
    "neither the environment nor dotenv is read": """
    async def test_greeting(client, project):
        assert (await client.get("/greetings/Ada")).json() == "Hello Ada."
        assert project.settings.debug is False

    def test_a_test_may_bring_an_environment(project_with):
        assert project_with(_environ={"GREETING__WORD": "Hi"}).settings.greeting.word == "Hi"
    """,
}

CONFTEST = """
    import pytest

    from greetings.apps import STEPS

    @pytest.fixture(autouse=True, scope="module")
    def no_steps_yet():
        STEPS.clear()
"""


def write_site(run: Run) -> Run:
    run.write("manage.py", MANAGE)
    run.write("config/__init__.py", "")
    run.write("config/settings.py", SETTINGS)
    run.write("greetings/__init__.py", "")
    run.write("greetings/apps.py", APPS)
    run.write("greetings/services.py", SERVICES)
    run.write("greetings/routes.py", ROUTES)
    return run


@pytest.fixture
def site(run: Run) -> Run:
    """A project with one app and no database."""
    return write_site(run)


def file_of(sentence: str) -> str:
    return f"test_{sentence.replace(' ', '_')}.py"


@pytest.fixture(scope="module")
def said(shared_run: Run) -> str:
    """What one run of all the files said, in an environment that is none of their business."""
    site = write_site(shared_run)
    site.write("conftest.py", CONFTEST)
    for sentence, source in SEEN.items():
        site.write(file_of(sentence), source)
    site.write(".env", "DEBUG=1\nDATABASE_URL=postgresql://real.example.com/site\n")
    environ = {"DATABASE_URL": "postgresql://other.example.com/site", "GREETING__WORD": "Bye"}
    _, output = site("-rA", environ=environ)
    return output


@pytest.mark.parametrize("sentence", SEEN)
def test_tests_of_a_project_see_that(sentence: str, said: str) -> None:
    outcomes = re.findall(rf"^([A-Z]+) {file_of(sentence)}", said, re.MULTILINE)
    assert outcomes == ["PASSED"] * SEEN[sentence].count("def test_"), said


@pytest.mark.parametrize("way", ["ini", "variable"])
def test_the_settings_class_can_be_named(site: Run, way: str) -> None:
    (site.folder / "manage.py").unlink()
    if way == "ini":
        site.write(
            "pyproject.toml",
            """
            [tool.pytest.ini_options]
            framework_settings = "config.settings:ProjectSettings"
            """,
        )
    site.write("test_site.py", "def test_apps(project):\n    assert 'greetings' in project.apps\n")
    environ = {"FRAMEWORK_SETTINGS": "config.settings:ProjectSettings"} if way == "variable" else {}
    code, output = site(environ=environ)
    assert code == 0, output


def test_tests_of_no_project_say_where_the_settings_class_was_looked_for(site: Run) -> None:
    (site.folder / "manage.py").unlink()
    site.write("test_site.py", "def test_apps(project): ...\n")
    code, output = site()
    assert code == 1
    assert f"No settings class was named for the tests, and there is no {site.folder / 'manage.py'}" in output
    assert 'framework_settings = "config.settings:ProjectSettings"' in output
    assert "[testing.settings]" in output
