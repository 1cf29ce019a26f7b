"""Where people are sent after logging in: never to another site."""

from urllib.parse import urljoin, urlsplit

import pytest

from framework.auth.redirects import safe_next

ELSEWHERE = [
    "https://evil.example",
    "http:evil.example",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "\\\\evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "/\r\n/evil.example",
    "\t//evil.example",
    " //evil.example",
    "\x00//evil.example",
    "/a\\b",
    "/a\r\nSet-Cookie: session=x",
    "/a b",
    "/a\u2028b",
    "/\x7f/evil.example",
    "/\xa0/evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "evil.example",
    "account",
    "?next=/",
    "",
    None,
]


@pytest.mark.parametrize("url", ELSEWHERE, ids=repr)
def test_what_may_lead_elsewhere_leads_to_the_default(url: str | None) -> None:
    assert safe_next(url) == "/"
    assert safe_next(url, "/account") == "/account"


@pytest.mark.parametrize("url", ["/", "/account", "/a//b", "/a?next=//evil.example#top", "/%2F/x", "/a/../b", "/ä"])
def test_a_path_of_this_origin_is_kept_as_it_is(url: str) -> None:
    assert safe_next(url) == url
    assert urlsplit(urljoin("https://here.example/login", url)).netloc == "here.example"
