"""A project: loading, its scope, and the lifespans of its apps."""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from framework import AppConfig, Project, Section, Settings
from framework.errors import ImproperlyConfigured, ServiceNotFound
from tests.apps.conftest import write

events: list[str] = []
fails: dict[str, BaseException] = {}


class Recorded(AppConfig):
    """Writes down when it starts and stops, and fails where `fails` says so."""

    @asynccontextmanager
    async def lifespan(self, project: Project) -> AsyncGenerator[None]:
        self.note("start")
        yield
        # No try and finally: people forget them.
        self.note("stop")

    def note(self, what: str) -> None:
        events.append(f"{what} {self.app_label}")
        if error := fails.get(events[-1]):
            raise error


SERVICES = """
from framework import service


@service
class Posts: ...
"""
APPS = """
from tests.test_project import Recorded


class Config(Recorded):
    name = "recorded_{0}"
    label = "{0}"
"""


@pytest.fixture(autouse=True)
def clean() -> None:
    events.clear()
    fails.clear()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the apps `recorded_a`, `recorded_b` and `recorded_c`, to import from."""
    folder = tmp_path_factory.mktemp("apps")
    for name in "abc":
        files = {"__init__.py": "", "apps.py": APPS.format(name), "models.py": "", "services.py": SERVICES}
        write(folder, {f"recorded_{name}/{path}": text for path, text in files.items()})
    return folder


@pytest.fixture
def project(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    monkeypatch.syspath_prepend(folder)
    return Project(Settings(installed_apps=("recorded_a", "recorded_b", "recorded_c")))


async def test_apps_start_in_order_and_stop_in_reverse(project: Project) -> None:
    async with project.lifespan():
        assert events == ["start a", "start b", "start c"]
    assert events[3:] == ["stop c", "stop b", "stop a"]


async def test_a_project_may_start_again(project: Project) -> None:
    for _ in range(2):
        async with project.lifespan():
            pass
    assert events[:6] == events[6:]


async def run(project: Project, error: BaseException | None = None) -> None:
    async with project.lifespan():
        events.append("serving")
        if error:
            raise error


async def test_apps_that_started_are_stopped_when_one_fails_to_start(project: Project) -> None:
    fails["start c"] = ConnectionError("no database")
    with pytest.raises(ConnectionError, match="no database"):
        await run(project)
    assert events == ["start a", "start b", "start c", "stop b", "stop a"]


async def test_apps_are_stopped_when_one_fails_to_stop_and_its_error_is_raised(project: Project) -> None:
    fails["stop b"] = ConnectionError("no database")
    with pytest.raises(ConnectionError) as caught:
        await run(project)
    assert events[-3:] == ["stop c", "stop b", "stop a"]
    assert caught.value.__notes__ == ["While stopping the app 'b'."]


async def test_no_error_of_a_stop_is_lost_when_several_fail(project: Project) -> None:
    fails["stop b"], fails["stop a"] = ConnectionError("no database"), OSError("no disk")
    with pytest.raises(ExceptionGroup) as caught:
        await run(project)
    assert caught.value.exceptions == (fails["stop b"], fails["stop a"])
    assert caught.value.exceptions[1].__notes__ == ["While stopping the app 'a'."]


async def test_errors_of_stops_after_a_failure_are_logged_and_noted_on_it(
    project: Project, caplog: pytest.LogCaptureFixture
) -> None:
    fails["start c"] = ConnectionError("no database")
    fails["stop b"], fails["stop a"] = ValueError("odd"), OSError("no disk")
    with pytest.raises(ConnectionError) as caught:
        await run(project)
    assert caught.value.__notes__ == [
        "The app 'b' failed to stop as well: ValueError('odd')",
        "The app 'a' failed to stop as well: OSError('no disk')",
    ]
    records = [record for record in caplog.records if record.name == "framework.project"]
    assert [record.getMessage() for record in records] == ["App 'b' failed to stop.", "App 'a' failed to stop."]
    assert [record.exc_info[1] for record in records if record.exc_info] == [fails["stop b"], fails["stop a"]]
    assert {record.levelno for record in records} == {logging.ERROR}


async def test_what_ends_the_project_is_raised_as_it_is_and_apps_end_normally(project: Project) -> None:
    error = LookupError("the server broke")
    with pytest.raises(LookupError) as caught:
        await run(project, error)
    assert caught.value is error
    assert events[-4:] == ["serving", "stop c", "stop b", "stop a"]


async def test_a_cancelled_project_stops_its_apps_and_stays_cancelled(project: Project) -> None:
    fails["stop b"] = OSError("no disk")
    started = asyncio.Event()

    async def serve() -> None:
        async with project.lifespan():
            started.set()
            await asyncio.sleep(60)

    task = asyncio.create_task(serve())
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert events[-3:] == ["stop c", "stop b", "stop a"]


async def test_a_project_refuses_to_start_when_a_service_lacks_what_it_needs(project: Project) -> None:
    class Cache: ...

    class Needy:
        def __init__(self, cache: Cache) -> None: ...

    project.services.provide(Needy)
    with pytest.raises(ServiceNotFound, match="Cache"):
        await run(project)
    assert events[-3:] == ["stop c", "stop b", "stop a"]
    assert "serving" not in events


async def test_an_app_may_provide_in_its_lifespan_what_a_service_needs(project: Project) -> None:
    class Cache: ...

    class Needy:
        def __init__(self, cache: Cache) -> None:
            self.cache = cache

    project.services.provide(Needy)
    cache = Cache()
    original = Recorded.note

    def note(self: Recorded, what: str) -> None:
        original(self, what)
        project.services.value(Cache, cache)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Recorded, "note", note)
        async with project.lifespan(), project.scope() as scope:
            assert (await scope.get(Needy)).cache is cache


async def test_several_faults_of_services_are_told_at_once(project: Project) -> None:
    class Cache: ...

    class Mailer: ...

    class Needy:
        def __init__(self, cache: Cache) -> None: ...

    class Other:
        def __init__(self, mailer: Mailer) -> None: ...

    project.services.provide(Needy)
    project.services.provide(Other)
    with pytest.raises(ImproperlyConfigured) as caught:
        await run(project)
    assert caught.value.code == "services.problems"
    assert caught.value.message.startswith("2 services cannot be built:\n- Nothing provides ")
    assert "Cache" in caught.value.message
    assert "Mailer" in caught.value.message


async def test_a_scope_gives_settings_project_and_services_of_apps(project: Project) -> None:
    from recorded_a.services import Posts  # type: ignore[import-not-found]

    async with project.scope() as scope:
        assert await scope.get(Project) is project
        assert await scope.get(Settings) is project.settings
        assert isinstance(await scope.get(Posts), Posts)


async def test_two_projects_in_one_process_share_no_state(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Clock: ...

    monkeypatch.syspath_prepend(folder)
    one = Project(Settings(installed_apps=("recorded_a", "recorded_b"), debug=True))
    other = Project(Settings(installed_apps=("recorded_b", "recorded_c")))
    one.services.value(Clock, Clock())
    assert [app.app_label for app in one.apps] == ["a", "b"]
    assert [app.app_label for app in other.apps] == ["b", "c"]
    assert one.apps["b"] is not other.apps["b"]
    assert Clock not in other.services
    from recorded_a.services import Posts  # type: ignore[import-not-found]
    from recorded_b.services import Posts as OtherPosts  # type: ignore[import-not-found]

    assert Posts not in other.services
    async with one.lifespan(), other.lifespan(), one.scope() as scope, other.scope() as other_scope:
        assert await scope.get(Project) is one
        assert await other_scope.get(Project) is other
        assert (await scope.get(Settings)).debug
        assert not (await other_scope.get(Settings)).debug
        assert await scope.get(OtherPosts) is not await other_scope.get(OtherPosts)


async def test_a_project_without_apps_is_a_project() -> None:
    project = Project(Settings())
    async with project.lifespan(), project.scope() as scope:
        assert await scope.get(Project) is project


class Greeting:
    text = "hello"


class Quiet(Greeting):
    text = ""


quiet = Quiet()


@pytest.mark.parametrize("replacement", ["Quiet", "quiet"])
async def test_settings_replace_a_service_by_a_class_or_by_an_object(replacement: str) -> None:
    project = Project(Settings(services={f"{__name__}:Greeting": f"{__name__}:{replacement}"}))
    async with project.scope() as scope:
        assert (await scope.get(Greeting)).text == ""


def test_a_service_cannot_be_replaced_by_what_builds_nothing() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        Project(Settings(services={f"{__name__}:Greeting": f"{__name__}:events"}))
    assert caught.value.message.startswith(f"settings.services['{__name__}:Greeting']: [] cannot build ")


class Undeclared(Section):
    keep_days: int = 30


async def test_a_section_is_a_service_of_the_project(project: Project) -> None:
    async with project.scope() as scope:
        assert await scope.get(Undeclared) is project.settings.section(Undeclared)
