"""Requests with a cookie: which pages made them, and the token of forms."""

import pytest

from framework.auth.csrf import CsrfTokens, is_own

SECRET = "only for tests " * 4
HERE = {"host": "here.example"}


@pytest.mark.parametrize(
    ("headers", "own"),
    [
        ({"sec-fetch-site": "same-origin"}, True),
        ({"sec-fetch-site": "none"}, True),
        ({"sec-fetch-site": "same-site"}, False),
        ({"sec-fetch-site": "cross-site"}, False),
        ({"sec-fetch-site": ""}, False),
        ({"sec-fetch-site": "anything"}, False),
        ({"origin": "https://here.example"}, True),
        ({"origin": "https://HERE.example"}, False),
        ({"origin": "http://here.example"}, False),
        ({"origin": "https://sub.here.example"}, False),
        ({"origin": "https://here.example.evil.example"}, False),
        ({"origin": "https://here.example:8443"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": ""}, False),
        ({"origin": "https://"}, False),
        # A browser never says both of these; whoever does is no browser of ours.
        ({"origin": "https://here.example", "sec-fetch-site": "cross-site"}, False),
        ({"origin": "https://app.example", "sec-fetch-site": "cross-site"}, True),
        ({"origin": "https://app.example"}, True),
        ({}, None),
        ({"referer": "https://here.example/"}, None),
    ],
    ids=repr,
)
def test_the_headers_of_a_browser_say_whose_page_it_was(headers: dict[str, str], own: bool | None) -> None:
    assert is_own({**HERE, **headers}, scheme="https", trusted={"https://app.example"}) is own


def test_behind_a_proxy_that_ends_tls_a_page_by_https_is_ones_own() -> None:
    assert is_own({**HERE, "origin": "https://here.example"}, scheme="http")
    assert is_own({"origin": "http://localhost:8000", "host": "LOCALHOST:8000"}, scheme="http")


def test_without_a_host_no_origin_is_ones_own() -> None:
    assert is_own({"origin": "https://"}, scheme="https") is False


def test_a_token_is_good_for_its_own_session_and_project_only() -> None:
    tokens = CsrfTokens(lambda: SECRET)
    token = tokens.make("session")
    assert tokens.is_good(token, "session")
    assert not tokens.is_good(token, "another session")
    assert not CsrfTokens(lambda: SECRET + "2").is_good(token, "session")


def test_no_two_tokens_of_a_session_are_alike() -> None:
    tokens = CsrfTokens(lambda: SECRET)
    made = {tokens.make("session") for _ in range(10)}
    assert len(made) == 10
    assert all(tokens.is_good(token, "session") for token in made)


@pytest.mark.parametrize("token", ["", "x", "====", "é", "\x00", "A" * 15, "A" * 16, "A" * 4000, "AAAA" * 11], ids=repr)
def test_what_is_no_token_is_refused(token: str) -> None:
    assert not CsrfTokens(lambda: SECRET).is_good(token, "session")
