"""Windows against a plain reference, on a clock that the test moves."""

from math import ceil, floor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework.throttling import memory, windows
from framework.throttling.memory import MemoryStore
from framework.throttling.rates import Rate
from framework.throttling.windows import FixedWindows, SlidingWindows, Usage, Windows


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    patch, clock = pytest.MonkeyPatch(), Clock()
    patch.setattr(memory, "time", clock)
    patch.setattr(windows, "time", clock)
    yield clock
    patch.undo()


pauses = st.lists(st.floats(0, 15, allow_nan=False), min_size=1, max_size=40)


def run(coroutine):
    """Run a coroutine that awaits nothing."""
    with pytest.raises(StopIteration) as done:
        coroutine.send(None)
    return done.value.value


@settings(max_examples=150, deadline=None)
@given(pauses, st.integers(1, 6))
def test_a_fixed_window_allows_its_limit_and_then_says_when_it_ends(
    clock: Clock, steps: list[float], limit: int
) -> None:
    store, rate, method = MemoryStore(100), Rate(limit, 10), FixedWindows()
    began, count = float("-inf"), 0
    for pause in steps:
        clock.now += pause
        if clock.now >= began + 10:
            began, count = clock.now, 0
        count += 1
        usage: Usage = run(method.hit(store, "k", rate, 1))
        assert usage.allowed is (count <= limit)
        assert usage.remaining == max(0, limit - count)
        assert usage.reset == pytest.approx(began + 10 - clock.now, abs=1e-6)


@settings(max_examples=150, deadline=None)
@given(pauses, st.integers(1, 6))
def test_a_sliding_window_allows_what_the_last_two_windows_leave(clock: Clock, steps: list[float], limit: int) -> None:
    store, rate, method = MemoryStore(100), Rate(limit, 10), SlidingWindows()
    counts: dict[int, int] = {}
    for pause in steps:
        clock.now += pause
        window, into = divmod(clock.now, 10)
        used = floor(counts.get(window - 1, 0) * (10 - into) / 10) + counts.get(window, 0)
        usage: Usage = run(method.hit(store, "k", rate, 1))
        assert usage.allowed is (used + 1 <= limit)
        if usage.allowed:
            counts[window] = counts.get(window, 0) + 1
            used += 1
        assert usage.remaining == max(0, limit - used)


@pytest.mark.parametrize("method", [FixedWindows(), SlidingWindows()], ids=["fixed", "sliding"])
@settings(max_examples=150, deadline=None)
@given(steps=pauses, limit=st.integers(1, 6), cost=st.integers(1, 3))
def test_who_waits_as_long_as_told_is_let_in_and_nobody_is_told_to_wait_longer_than_he_must(
    clock: Clock, method: Windows, steps: list[float], limit: int, cost: int
) -> None:
    store, rate = MemoryStore(100), Rate(limit + cost, 10)
    for pause in steps:
        clock.now += pause
        usage: Usage = run(method.hit(store, "k", rate, cost))
        if not usage.allowed:
            before = clock.now
            assert 0 < usage.retry_after <= 20
            clock.now = before + usage.retry_after - 0.01
            if usage.retry_after > 0.01:
                assert not run(method.test(store, "k", rate, cost)).allowed
            clock.now = before + ceil(usage.retry_after)  # as the header says it
            assert run(method.test(store, "k", rate, cost)).allowed
            clock.now = before
