"""Marking, finding and running checks."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from framework import Project, Settings
from framework.checks import Level, Message, check, run, tags
from framework.errors import ImproperlyConfigured
from tests.apps.conftest import app, write

CHECKS = """
from collections.abc import Iterator

from framework import Project
from framework.checks import Level, Message, check
from tests.checks.test_discovery import marked_here  # imported, and not of this app


@check
def plain(project: Project) -> list[Message]:
    return [Message(Level.INFO, "plain", code="{0}.plain")]


@check(tags=("blog", "slow"))
def tagged(project: Project) -> Iterator[Message]:
    yield Message(Level.WARNING, "tagged", hint="Do it.", code="{0}.tagged", where="blog.models.Post")


@check(tags=("security",), deploy=True)
def deployed(project: Project) -> Iterator[Message]:
    yield Message(Level.ERROR, "deployed", code="{0}.deployed")


def unmarked(project: Project) -> Iterator[Message]:
    yield Message(Level.ERROR, "unmarked", code="{0}.unmarked")
"""


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Project]:
    monkeypatch.syspath_prepend(tmp_path)

    def make(files: dict[str, dict[str, str]] | None = None, **values: Any) -> Project:
        for name, inside in (files or {}).items():
            write(tmp_path, app(name, inside))
        names = tuple(files or ())
        return Project(Settings(_root=tmp_path, _environ={}, _env_file=None, installed_apps=names, **values))

    return make


@pytest.fixture
def project(make: Callable[..., Project]) -> Project:
    files = {"checked_a": {"checks.py": CHECKS.format("a")}, "checked_b": {"checks/__init__.py": CHECKS.format("b")}}
    return make(files, secret_key="k3y-" * 3 + "abcdefghijklmnopqrstuvwxyz0123456789", allowed_hosts=("example.com",))


def codes(messages: Iterator[Message]) -> list[str]:
    return [message.code for message in messages]


def test_marked_functions_of_all_apps_run_in_order_and_no_others(project: Project) -> None:
    assert codes(run(project)) == ["a.plain", "a.tagged", "b.plain", "b.tagged"]


def test_deployment_checks_run_when_asked_for(project: Project) -> None:
    found = codes(run(project, deploy=True))
    assert found == ["a.plain", "a.tagged", "a.deployed", "b.plain", "b.tagged", "b.deployed"]


def test_tags_choose_checks(project: Project) -> None:
    assert codes(run(project, tags=["slow"])) == ["a.tagged", "b.tagged"]
    assert codes(run(project, tags=("security",), deploy=True)) == ["a.deployed", "b.deployed"]
    assert codes(run(project, tags=["unknown"])) == []


def test_tags_lists_those_of_the_framework_and_of_the_apps(project: Project) -> None:
    assert {"blog", "slow", "security", "services"} <= set(tags(project))
    assert tags(project) == sorted(tags(project))


def test_a_message_is_a_value() -> None:
    assert Message(Level.ERROR, "x", code="a.b") == Message(Level.ERROR, "x", code="a.b")
    assert Level.CRITICAL > Level.ERROR > Level.WARNING > Level.INFO > Level.DEBUG


WRONG = """
from framework.checks import check


@check
{0}
"""


@pytest.mark.parametrize(
    ("function", "found"),
    [
        ("def wrong(project): ...", "NoneType"),
        ("async def wrong(project): ...", "coroutine"),
        ("def wrong(project): yield 'bad'", "str"),
        ("def wrong(project): return ['bad']", "str"),
    ],
)
def test_a_check_that_gives_no_messages_is_named(make: Callable[..., Project], function: str, found: str) -> None:
    name = f"wrong_{abs(hash(function))}"
    project = make({name: {"checks.py": WRONG.format(function)}}, debug=True)
    with pytest.raises(ImproperlyConfigured) as caught:
        list(run(project))
    file = project.apps[name].path / "checks.py"
    assert str(caught.value) == (
        f"Check {name}.checks.wrong ({file}:5) gives {found}; wanted Messages.\n"
        "  Hint: Yield framework.checks.Message objects from a plain function, or return a list of them.  "
        "[checks.result]"
    )


def test_what_a_check_raises_is_its_own(make: Callable[..., Project]) -> None:
    project = make({"raising_check": {"checks.py": WRONG.format("def wrong(project): raise LookupError('mine')")}})
    with pytest.raises(LookupError, match="mine"):
        list(run(project))


def test_a_service_that_nothing_can_build_is_a_warning(make: Callable[..., Project]) -> None:
    class Cache: ...

    class Posts:
        def __init__(self, cache: Cache) -> None: ...

    project = make(debug=True)
    project.services.provide(Posts)
    (message,) = run(project)
    assert (message.level, message.code) == (Level.WARNING, "services.not-found")
    assert "Nothing provides" in message.text
    assert message.hint is not None


@check
def marked_here(project: Project) -> list[Message]:
    return [Message(Level.INFO, "here", code="here")]


def test_a_marked_function_is_still_the_function(project: Project) -> None:
    assert codes(iter(marked_here(project))) == ["here"]


def test_a_check_that_asks_is_told_whether_this_is_a_deployment(make: Callable[..., Project]) -> None:
    source = """
from framework.checks import Level, Message, check


@check
def look(project, *, deploy=False):
    yield Message(Level.ERROR if deploy else Level.WARNING, "It rains.")
"""
    project = make({"checked_c": {"checks.py": source}})

    def levels(*, deploy: bool) -> list[Level]:
        return [message.level for message in run(project, deploy=deploy) if message.text == "It rains."]

    assert (levels(deploy=False), levels(deploy=True)) == ([Level.WARNING], [Level.ERROR])
