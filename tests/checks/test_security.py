"""Checks of the settings that keep strangers out."""

from pathlib import Path
from typing import Any

import pytest

from framework import Project, Settings
from framework.checks import Level, run

GOOD = "correct-horse-battery-staple-0123456789-zyxw"


def findings(root: Path, *, deploy: bool = False, **values: Any) -> dict[str, Level]:
    values = {"secret_key": GOOD, "allowed_hosts": ("example.com",), **values}
    project = Project(Settings(_root=root, _environ={}, _env_file=None, **values))
    return {message.code: message.level for message in run(project, tags=["security"], deploy=deploy)}


def test_a_sound_project_has_no_findings(tmp_path: Path) -> None:
    assert findings(tmp_path, deploy=True) == {}


@pytest.mark.parametrize("key", ["", "short", "changeme-changeme-changeme-changeme-changeme", "a" * 60])
def test_a_secret_key_that_can_be_guessed_is_an_error_without_deploy_too(tmp_path: Path, key: str) -> None:
    assert findings(tmp_path, secret_key=key) == {"security.secret-key": Level.ERROR}


def test_in_debug_any_secret_key_will_do(tmp_path: Path) -> None:
    assert findings(tmp_path, secret_key="short", debug=True) == {}


def test_debug_is_an_error_of_a_deployment_only(tmp_path: Path) -> None:
    assert findings(tmp_path, debug=True) == {}
    assert findings(tmp_path, debug=True, deploy=True) == {"security.debug": Level.ERROR}


def test_what_turned_debug_on_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"SECRET_KEY={GOOD}\nDEBUG=1\n")
    project = Project(Settings(_root=tmp_path, _environ={}))
    (hint,) = [message.hint for message in run(project, deploy=True) if message.code == "security.debug"]
    assert hint == f"Set DEBUG=0. It is on by DEBUG in {tmp_path}/.env:2."


@pytest.mark.parametrize("hosts", [(), ("*",), ("example.com", "*")])
def test_hosts_that_are_none_or_all_are_a_warning_of_a_deployment(tmp_path: Path, hosts: tuple[str, ...]) -> None:
    assert findings(tmp_path, allowed_hosts=hosts) == {}
    assert findings(tmp_path, allowed_hosts=hosts, deploy=True) == {"security.allowed-hosts": Level.WARNING}


def test_no_finding_shows_the_key(tmp_path: Path) -> None:
    project = Project(Settings(_root=tmp_path, _environ={}, _env_file=None, secret_key="hunter2"))
    assert "hunter2" not in repr(list(run(project, deploy=True)))
