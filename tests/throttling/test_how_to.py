"""The page on throttling: its code runs, and does what the page says."""

import re
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser

from framework.errors import Throttled
from framework.throttling import ThrottlingSettings

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "throttling.md"


def blocks() -> dict[str, str]:
    """Return the files of the page by their names."""
    document = Sybil([CodeBlockParser("python", evaluator=lambda _: None)]).parse(PAGE)
    texts = [example.region.parsed for example in document.examples()]
    found = [re.match(r"# shop/(\w+)\.py\n", text) for text in texts]
    assert all(found)
    return {match[1]: text for match, text in zip(found, texts, strict=True) if match}


async def test_the_routes_of_the_page_are_limited_as_it_says(build, client):
    routes = blocks()["routes"]
    async with client(build(routes)) as http:
        first = await http.get("/shop/search")
        assert (
            first.headers["ratelimit-policy"] == '"GET /shop/search:100/minute";q=100;w=60, "search:5/second";q=5;w=1'
        )
        told = r'"GET /shop/search:100/minute";r=99;t=\d+, "search:5/second";r=4;t=\d+'
        assert re.fullmatch(told, first.headers["ratelimit"])
        orders = [await http.post("/shop/orders") for _ in range(3)]
        assert [order.status_code for order in orders] == [200, 200, 429]
        assert orders[-1].headers["retry-after"]
        keyed = [(await http.get("/shop/report", headers={"x-api-key": "k"})).status_code for _ in range(3)]
        assert keyed == [200, 200, 429]
        assert (await http.get("/shop/report")).status_code == 200


async def test_the_service_of_the_page_counts_guesses_and_forgets_them(build):
    project = build("from fastapi import APIRouter\nrouter = APIRouter()", modules={"services": blocks()["services"]})
    async with project.lifespan(), project.scope() as scope:
        from site_app.services import Vouchers

        vouchers = await scope.get(Vouchers)
        for _ in range(2):
            for code in ("a", "b", "FREE"):
                answer = await vouchers.redeem(code, "ann@example.com")
            assert answer == "redeemed"
        for _ in range(3):
            await vouchers.redeem("a", "ann@example.com")
        with pytest.raises(Throttled):
            await vouchers.redeem("FREE", "ann@example.com")


async def test_the_settings_change_a_rate_and_turn_counting_off_as_the_page_says(build, client):
    (rates,) = re.findall(r"THROTTLING__RATES='(.*?)'", PAGE.read_text())
    async with client(build(blocks()["routes"], environ={"THROTTLING__RATES": rates})) as http:
        assert '"search:1/second";q=1;w=1' in (await http.get("/shop/search")).headers["ratelimit-policy"]


def test_the_settings_that_the_page_names_are_there():
    named = set(re.findall(r"THROTTLING__([A-Z]+)", PAGE.read_text()))
    assert {name.lower() for name in named} <= set(ThrottlingSettings.model_fields)
