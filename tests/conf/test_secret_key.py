"""The secret key: refused outside debug when it is no secret, made up in debug when there is none."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from framework import Project, checks
from framework.conf import Settings, new_secret_key
from framework.errors import ImproperlyConfigured


def made(root: Path, **environ: str) -> Settings:
    return Settings(_root=root, _environ=environ, _secrets_dir=None)


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("", "secret_key is missing; wanted"),
        ("short", "secret_key has 5 bytes, fewer than 32 (SECRET_KEY in the environment); wanted"),
        ("ab" * 30, "secret_key is made of 2 different characters"),
        ("change-me-" + "x1y2z3" * 8, "secret_key is the one of a template"),
        ("django-insecure-" + "x1y2z3" * 8, "secret_key is the one of a template"),
        ("Your_Secret_Key_" + "x1y2z3" * 8, "secret_key is the one of a template"),
        ("CHANGETHIS" + "x1y2z3" * 8, "secret_key is the one of a template"),
    ],
)
def test_a_key_that_is_no_secret_is_refused_outside_debug(tmp_path: Path, key: str, problem: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        made(tmp_path, SECRET_KEY=key).require_secret_key()
    assert problem in caught.value.message
    assert caught.value.code == "security.secret-key"
    assert str(tmp_path / ".env") in str(caught.value.hint)
    assert key == "" or key not in str(caught.value)


@pytest.mark.parametrize("key", ["x1y2z3w4" * 4, "a-much_longer.key" * 5])
def test_a_key_that_is_one_is_returned(tmp_path: Path, key: str) -> None:
    assert made(tmp_path, SECRET_KEY=key).require_secret_key() == key


def test_fresh_keys_are_good_and_never_the_same(tmp_path: Path) -> None:
    keys = {new_secret_key() for _ in range(100)}
    assert len(keys) == 100
    for key in keys:
        assert made(tmp_path, SECRET_KEY=key).require_secret_key() == key


def test_the_check_reports_what_serving_refuses(tmp_path: Path) -> None:
    [message] = checks.run(Project(made(tmp_path)), tags=("security",))
    assert (message.level, message.code) == (checks.Level.ERROR, "security.secret-key")
    assert message.text.startswith("secret_key is missing")


def test_the_check_reports_variables_that_nothing_reads(tmp_path: Path) -> None:
    environ = {"CACHE__TTTL": "5", "DEBUG": "1"}
    apps = ("framework.cache",)
    project = Project(Settings(_root=tmp_path, _environ=environ, _env_file=None, installed_apps=apps))
    [message] = checks.run(project, tags=("settings",))
    assert (message.level, message.code, message.hint, message.where) == (
        checks.Level.WARNING,
        "conf.unknown-variable",
        "Did you mean CACHE__TTL?",
        "the environment",
    )


def test_in_debug_any_key_will_do_and_a_missing_one_is_made_up_and_kept(tmp_path: Path) -> None:
    assert made(tmp_path, DEBUG="1", SECRET_KEY="short").require_secret_key() == "short"
    key = made(tmp_path, DEBUG="1").require_secret_key()
    assert len(key) > 50
    assert made(tmp_path, DEBUG="1").secret_key.get_secret_value() == key
    assert (tmp_path / ".secret_key").read_text() == key + "\n"
    assert stat.S_IMODE((tmp_path / ".secret_key").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [".secret_key"]


def test_the_key_is_made_up_when_somebody_wants_it_and_not_before(tmp_path: Path) -> None:
    settings = made(tmp_path, DEBUG="1")
    assert "secret_key='**********'" in repr(settings)
    assert str(settings.source("secret_key")) == f"a random key in {tmp_path}/.secret_key"
    list(settings.explain())
    assert not list(tmp_path.iterdir())
    assert isinstance(settings.secret_key, SecretStr)
    assert len(settings.secret_key) == len(settings.secret_key.get_secret_value())


def test_the_made_up_key_is_for_debug_alone(tmp_path: Path) -> None:
    made(tmp_path, DEBUG="1").require_secret_key()
    with pytest.raises(ImproperlyConfigured, match="is missing"):
        made(tmp_path).require_secret_key()


def test_an_empty_variable_is_no_key(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DEBUG=1\nSECRET_KEY=\n")
    assert len(made(tmp_path).require_secret_key()) > 50


def test_all_processes_get_the_same_key(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from framework.conf import Settings; "
        "s = Settings(_root=Path(sys.argv[1]), _environ={'DEBUG': '1'}); print('ready', flush=True); "
        "sys.stdin.readline(); print(s.require_secret_key())"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    pipes: Any = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    processes = [subprocess.Popen(command, **pipes) for _ in range(4)]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    keys = {process.communicate(timeout=20)[0] for process in processes}
    assert len(keys) == 1


def test_the_process_that_comes_second_takes_the_key_of_the_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def meanwhile() -> str:
        (tmp_path / ".secret_key").write_text("the key of the first\n")
        return "the key of the second"

    monkeypatch.setattr("framework.conf.secret_key.new_secret_key", meanwhile)
    assert made(tmp_path, DEBUG="1").require_secret_key() == "the key of the first"
    assert [path.read_text() for path in tmp_path.iterdir()] == ["the key of the first\n"]


def test_all_threads_get_the_same_key(tmp_path: Path) -> None:
    settings = [made(tmp_path, DEBUG="1") for _ in range(50)]
    with ThreadPoolExecutor(16) as pool:
        keys = set(pool.map(lambda one: one.require_secret_key(), settings))
    assert len(keys) == 1


def test_an_empty_file_is_filled(tmp_path: Path) -> None:
    (tmp_path / ".secret_key").touch()
    key = made(tmp_path, DEBUG="1").require_secret_key()
    assert made(tmp_path, DEBUG="1").require_secret_key() == key


def test_where_nothing_can_be_written_the_key_lasts_as_long_as_the_settings(tmp_path: Path) -> None:
    settings = made(tmp_path / "none", DEBUG="1")
    assert len(settings.require_secret_key()) > 50
    assert settings.require_secret_key() == settings.require_secret_key()


def test_a_file_system_without_links_keeps_the_key_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object) -> None:
        raise PermissionError("no links here")

    monkeypatch.setattr(os, "link", refuse)
    key = made(tmp_path, DEBUG="1").require_secret_key()
    assert made(tmp_path, DEBUG="1").require_secret_key() == key
    assert [path.name for path in tmp_path.iterdir()] == [".secret_key"]


def test_secrets_of_a_class_count_as_well(write: Callable[[str, str], Path], load: Callable[[str], Any]) -> None:
    path = write(
        "site_settings.py",
        """
        from framework.conf import Settings
        from pydantic import SecretStr

        class ProjectSettings(Settings):
            secret_key: SecretStr = SecretStr("insecure")
        """,
    )
    with pytest.raises(ImproperlyConfigured) as caught:
        load("site_settings").ProjectSettings(_environ={}).require_secret_key()
    assert f"(ProjectSettings in {path}:5)" in caught.value.message
