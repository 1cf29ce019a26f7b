"""How policies are found, and what is wrong with them is said when the project loads."""

import itertools
import sys
from pathlib import Path
from textwrap import dedent

import pytest

from framework import Project
from framework.auth import Policy
from framework.auth.access import Policies
from framework.errors import ImproperlyConfigured
from framework.testing.projects import Projects
from tests.auth.conftest import Site
from tests.auth.press.models import Note, Page, Story
from tests.auth.press.policies import PagePolicy, StoryPolicy

APPS = (
    "framework.db",
    "framework.cache",
    "framework.throttling",
    "framework.mail",
    "framework.users",
    "framework.auth",
    "tests.auth.press",
)
NUMBERS = itertools.count()


@pytest.fixture
def load(project_with: Projects, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Load a project with an app of these policies."""
    monkeypatch.syspath_prepend(str(tmp_path))
    written: list[str] = []

    def load(source: str) -> Project:
        name = f"desk{next(NUMBERS)}"
        written.append(name)
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").touch()
        (tmp_path / name / "apps.py").write_text(
            f"from framework import AppConfig\nclass Desk(AppConfig):\n    name = {name!r}\n"
        )
        head = "from framework.auth import Access, Policy\nfrom tests.auth.press.models import Note, Page, Story\n"
        (tmp_path / name / "policies.py").write_text(head + dedent(source))
        return project_with(Site, installed_apps=(*APPS, name))

    yield load
    for module in list(sys.modules):
        if module.partition(".")[0] in written:
            del sys.modules[module]


async def policies_of(project: Project) -> Policies:
    async with project.scope() as scope:
        return await scope.get(Policies)


async def test_policies_are_found_in_every_app_and_may_be_for_a_model_of_another(load):
    found = await policies_of(
        load(
            """
            class Readable[M](Policy[M]):
                def view(self, user, subject): return True

            class NotePolicy(Readable[Note]):
                size = 3
                def delete_where(self, user): return True
                def _helper(self): ...
            """
        )
    )
    assert {policy.__name__ for policy in found} == {"StoryPolicy", "PagePolicy", "NotePolicy"}
    assert {action: spoken.is_condition for action, spoken in found.actions(Note).items()} == {
        "view": False,
        "delete": True,
    }
    assert found.actions(Story)["change"].policy is StoryPolicy
    assert found.actions(str) == {}


def test_a_policy_knows_its_model():
    assert (StoryPolicy.model, PagePolicy.model, Policy.model) == (Story, Page, None)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("class Lost(Policy): ...", r"Lost \(.*policies.py:3\) is a policy of no model."),
        (
            "class Other(Policy[Story]): ...",
            r"Story has two policies: StoryPolicy \(.*press/policies.py:\d+\) and Other \(.*desk\d+/policies.py:3\).",
        ),
        (
            """
            class NotePolicy(Policy[Note]):
                def view(self, user, note): return True
                def view_where(self, user): return True
            """,
            r"NotePolicy answers for 'view' twice: view \(.*policies.py:5\) and view_where \(.*policies.py:6\).",
        ),
    ],
)
def test_a_policy_that_makes_no_sense_keeps_the_project_from_loading(load, source, message):
    with pytest.raises(ImproperlyConfigured, match=message) as error:
        load(source)
    assert error.value.code == "auth.policy"
    assert error.value.hint


def test_a_policy_whose_services_are_missing_is_found_by_the_checks(load):
    project = load("class Clock: ...\nclass NotePolicy(Policy[Note]):\n    def __init__(self, clock: Clock): ...")
    assert any("Clock" in problem.message for problem in project.services.problems())
