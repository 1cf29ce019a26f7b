"""Awaiting with a look at whether there was anything to wait for, and limits that cancel as asyncio's own do."""

import asyncio
import time

import pytest

from framework.web.watch import Flight, Watch, noticing


class Noted:
    def __init__(self):
        self.events = []

    async def run(self, work):
        return await noticing(work, lambda: self.events.append("waits"), lambda: self.events.append("goes on"))


async def test_what_is_there_already_is_not_waited_for():
    async def there():
        return 7

    noted = Noted()
    assert await noted.run(there()) == 7
    assert noted.events == []


async def test_waiting_is_noticed_once_however_often_it_happens():
    async def later():
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        return 8

    noted = Noted()
    assert await noted.run(later()) == 8
    assert noted.events == ["waits", "goes on"]


async def test_errors_pass_before_and_after_waiting():
    async def fail(wait):
        if wait:
            await asyncio.sleep(0)
        raise KeyError(wait)

    for wait in (False, True):
        noted = Noted()
        with pytest.raises(KeyError):
            await noted.run(fail(wait))
        assert noted.events == ["waits", "goes on"] * wait


async def test_a_cancellation_reaches_the_work_which_may_go_on():
    async def stubborn():
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            await asyncio.sleep(0)
            return "cleaned up"

    noted = Noted()
    task = asyncio.create_task(noted.run(stubborn()))
    await asyncio.sleep(0)
    task.cancel()
    assert await task == "cleaned up"
    assert noted.events == ["waits", "goes on"]


async def test_futures_without_throw_are_awaited_too():
    class Bare:
        """Steps as servers in other languages make them: an iterator and no generator."""

        def __init__(self):
            self.left = 2

        def __await__(self):
            return self

        def __iter__(self):
            return self

        def __next__(self):
            self.left -= 1
            if self.left:
                return
            raise StopIteration("done")

    noted = Noted()
    assert await noted.run(Bare()) == "done"
    cancelled = asyncio.create_task(noted.run(Bare()))
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert noted.events == ["waits", "goes on"] * 2


async def fly(watch: Watch, deadline: float | None, seconds: float) -> str:
    loop = asyncio.get_running_loop()
    flight = Flight(None if deadline is None else loop.time() + deadline)
    watch.begin(flight)
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        if not flight.take_back():
            raise
        return "expired"
    finally:
        watch.end(flight)
    return "done"


async def test_a_flight_ends_at_its_deadline_and_others_go_on():
    watch = Watch()
    assert await asyncio.gather(fly(watch, 0.1, 5), fly(watch, None, 0.4), fly(watch, 5, 0.3)) == [
        "expired",
        "done",
        "done",
    ]
    assert len(watch) == 0
    assert asyncio.current_task().cancelling() == 0


async def test_a_cancellation_from_elsewhere_goes_on():
    watch = Watch()
    task = asyncio.create_task(fly(watch, 5, 5))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_one_from_elsewhere_goes_on_beside_ours():
    watch = Watch()

    async def both() -> str:
        flight = Flight(0)
        watch.begin(flight)
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            asyncio.current_task().cancel()
            return str(flight.take_back())
        return "not cancelled"

    task = asyncio.create_task(both())
    await asyncio.wait([task])
    assert task.cancelled() or task.result() == "False"


async def test_the_lag_is_how_long_the_loop_has_not_turned():
    watch, found = Watch(), []

    async def work():
        found.append(watch.lag())
        time.sleep(0.1)  # noqa: ASYNC251 - that is the point

    assert watch.lag() == 0
    flight = Flight(None)
    watch.begin(flight)
    await asyncio.gather(*(work() for _ in range(6)))
    assert found[0] <= 0.05
    assert 0.35 < found[5] < 5
    await asyncio.sleep(0.15)
    assert watch.lag() < 0.2
    watch.end(flight)


async def test_time_in_which_nothing_flies_is_no_lag():
    watch = Watch()
    first, second = Flight(None), Flight(None)
    watch.begin(first)
    watch.end(first)
    time.sleep(0.4)  # noqa: ASYNC251 - the process is stopped, or other work holds the loop
    assert watch.lag() < 0.2
    watch.begin(second)
    assert watch.lag() < 0.2
    time.sleep(0.4)  # noqa: ASYNC251 - that one holds it itself
    assert 0.25 < watch.lag() < 5
    watch.end(second)
    assert 0.25 < watch.lag() < 5
