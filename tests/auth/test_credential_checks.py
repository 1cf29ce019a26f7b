"""What `check` finds wrong with keys, cookies and sessions."""

from pathlib import Path
from typing import Any

import pytest

from framework import checks
from framework.auth import AuthSettings
from framework.auth.settings import CookieSettings, PasswordSettings, SessionSettings, TokenSettings
from framework.cache import CacheSettings
from framework.testing.projects import Projects
from framework.web import WebSettings
from framework.web.settings import LoadSettings
from tests.auth.conftest import Site
from tests.auth.pems import ED

CODES = {"auth.signing-key", "auth.short-key", "auth.insecure-cookie", "auth.session-store", "auth.max-waiting"}


@pytest.fixture
def found(project_with: Projects) -> Any:
    def find(auth: AuthSettings, *, deploy: bool = True, **settings: Any) -> list[str]:
        messages = checks.run(project_with(Site, auth=auth, **settings), deploy=deploy)
        return [message.code for message in messages if message.code in CODES]

    return find


def test_a_project_as_it_begins_has_nothing_to_be_told(found: Any) -> None:
    assert found(AuthSettings()) == []


def test_a_key_that_cannot_sign_is_found_before_the_first_login(found: Any, tmp_path: Path) -> None:
    assert found(AuthSettings(tokens=TokenSettings(algorithm="EdDSA")), deploy=False) == ["auth.signing-key"]
    assert found(AuthSettings(tokens=TokenSettings(keys=("not/there.pem",))), deploy=False) == ["auth.signing-key"]
    assert found(AuthSettings(tokens=TokenSettings(former_secrets=("short",))), deploy=False) == ["auth.short-key"]
    assert found(AuthSettings(tokens=TokenSettings(algorithm="EdDSA", keys=(ED,)))) == []


def test_a_cookie_without_https_and_sessions_of_one_process_are_found_before_they_are_deployed(found: Any) -> None:
    cookies, sessions = CookieSettings(secure=False), SessionSettings(store="cache")
    auth = AuthSettings(cookies=cookies, sessions=sessions)
    assert found(auth) == ["auth.insecure-cookie", "auth.session-store"]
    assert found(auth, deploy=False) == []
    assert found(AuthSettings(sessions=sessions), cache=CacheSettings(url="redis://127.0.0.1")) == []


def test_logins_that_may_take_all_places_are_found(found: Any) -> None:
    patient = AuthSettings(passwords=PasswordSettings(max_waiting=200))
    assert found(patient, deploy=False) == ["auth.max-waiting"]
    assert found(patient, web=WebSettings(load=LoadSettings(concurrency=400))) == []
