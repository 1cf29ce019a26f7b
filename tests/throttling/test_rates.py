"""Rates as people write them."""

import pytest

from framework.errors import ImproperlyConfigured
from framework.throttling import Rate
from framework.throttling.rates import rates_of


@pytest.mark.parametrize(
    ("text", "limit", "seconds"),
    [
        ("10/minute", 10, 60),
        ("1 per second", 1, 1),
        ("100 per 2 hours", 100, 7200),
        ("5/10 seconds", 5, 10),
        ("5/10s", 5, 10),
        ("7/m", 7, 60),
        ("7 / Day", 7, 86400),
    ],
)
def test_a_rate_is_a_limit_and_a_window(text: str, limit: int, seconds: int) -> None:
    (rate,) = rates_of(text)
    assert rate == Rate(limit, seconds)
    assert rates_of(str(rate)) == (rate,)


def test_several_rates_come_with_the_shortest_window_first() -> None:
    assert rates_of("100/hour; 10/minute") == rates_of("10/minute,100/hour") == (Rate(10, 60), Rate(100, 3600))


@pytest.mark.parametrize(
    "text", ["", "10", "10/", "/minute", "0/minute", "-1/minute", "10/minit", "ten/minute", "1/minute;", "1/0 hours"]
)
def test_anything_else_is_an_error_that_shows_how(text: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="is no rate") as caught:
        rates_of(text)
    assert caught.value.code == "throttling.rate"
    assert "'10/minute'" in str(caught.value)
