"""Throttling, as mypy and pyright read it. Run by the checkers only."""

from collections.abc import Sequence
from typing import assert_type

from fastapi import APIRouter
from starlette.requests import HTTPConnection

from framework.errors import Throttled
from framework.throttling import Rate, Throttle, Throttler, ThrottlingSettings, Usage
from framework.web import add_header, caller_of, client_key, route_of

router = APIRouter(prefix="/search", dependencies=[Throttle("100/hour", name="search")])


async def team(connection: HTTPConnection) -> str | None:
    """Count by what the caller says, or not at all."""
    return connection.headers.get("x-team")


@router.get("/", dependencies=[Throttle("10/minute; 50/hour", by="client"), Throttle("5/second", by=team, cost=2)])
async def search() -> str:
    return "found"


async def login(throttler: Throttler, email: str) -> None:
    try:
        usages = await throttler.hit("login", email, "5/minute")
    except Throttled as error:
        assert_type(error.retry_after, float)
        assert_type(error.limit, int | None)
        raise
    assert_type(usages, Sequence[Usage])
    for usage in await throttler.test("login", email):
        assert_type(usage.rate, Rate)
        assert_type(usage.remaining, int)
    await throttler.reset("login", email)


async def who(connection: HTTPConnection) -> None:
    assert_type(await caller_of(connection), str | None)
    assert_type(client_key(connection.scope), str)
    add_header(connection, "X-Served-By", str(route_of(connection)))


settings = ThrottlingSettings(default="300/minute", rates={"login": "3/minute"}, strategy="fixed")
