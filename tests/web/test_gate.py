"""Who is let in, who waits and for how long, and that no place is ever lost."""

import asyncio
import random
from time import monotonic

import pytest

from framework.web.gate import Gate
from framework.web.settings import LoadSettings


def gate(**settings) -> Gate:
    return Gate(LoadSettings(**{"concurrency": 2, "waiting": 3, "interval": 0.2, "target": 0.02, **settings}))


async def test_as_many_enter_as_may_and_the_next_waits_for_its_turn():
    made = gate()
    assert [made.enter() for _ in range(3)] == [True, True, False]
    waiting = [asyncio.create_task(made.wait()) for _ in range(2)]
    await asyncio.sleep(0)
    made.leave()
    await asyncio.sleep(0)
    assert (waiting[0].done(), waiting[1].done()) == (True, False)
    assert not made.enter()  # nobody overtakes who waits
    made.leave()
    assert await asyncio.gather(*waiting) == [True, True]
    made.leave()
    made.leave()
    assert made.active == 0


async def test_who_returns_goes_before_who_comes():
    made = gate(concurrency=1)
    assert made.enter()
    comes = asyncio.create_task(made.wait())
    await asyncio.sleep(0)
    returns = [asyncio.create_task(made.wait(returning=True)) for _ in range(2)]
    await asyncio.sleep(0)
    for expected in (*returns, comes):
        made.leave()
        await asyncio.sleep(0)
        assert [task for task in (*returns, comes) if task.done()][-1] is expected
    made.leave()
    assert (made.active, len(made)) == (0, 0)


async def test_a_full_queue_refuses_at_once():
    made = gate(waiting=1)
    assert made.enter()
    assert made.enter()
    first = asyncio.create_task(made.wait())
    await asyncio.sleep(0)
    assert await made.wait() is False
    made.leave()
    assert await first


async def test_a_burst_may_wait_long_and_a_standing_queue_only_for_the_target():
    made = gate(waiting=100)
    assert made.enter()
    assert made.enter()
    began = monotonic()
    burst = asyncio.create_task(made.wait())
    assert await burst is False
    assert monotonic() - began >= 0.19
    standing = [asyncio.create_task(made.wait())]
    for _ in range(30):  # the queue never empties, and is older than the interval by the end
        await asyncio.sleep(0.01)
        standing.append(asyncio.create_task(made.wait()))
    ended: list[str] = []
    late, burst = asyncio.create_task(made.wait()), asyncio.create_task(asyncio.sleep(0.15))
    late.add_done_callback(lambda _: ended.append("late"))
    burst.add_done_callback(lambda _: ended.append("burst"))
    await asyncio.gather(late, burst)
    assert ended == ["late", "burst"]  # in that order also where the machine stalls
    assert late.result() is False
    assert not any(await asyncio.gather(*standing))
    assert len(made) == 0


async def test_places_of_cancelled_waiters_are_neither_lost_nor_given_twice():
    random.seed(7)
    made = gate(concurrency=3, waiting=50, interval=0.05, target=0.01)
    most = 0

    async def request():
        nonlocal most
        if made.enter() or await made.wait(returning=random.random() < 0.3):
            most = max(most, made.active)
            try:
                await asyncio.sleep(random.random() / 200)
            finally:
                made.leave()

    tasks = []
    for _ in range(600):
        tasks.append(asyncio.create_task(request()))
        if random.random() < 0.4:
            random.choice(tasks).cancel()
        if random.random() < 0.3:
            await asyncio.sleep(random.random() / 300)
    await asyncio.gather(*tasks, return_exceptions=True)
    assert (made.active, len(made), most) == (0, 0, 3)


@pytest.mark.parametrize("settings", [{"concurrency": 0}, {"waiting": -1}, {"target": 0}])
def test_limits_that_let_nobody_in_are_refused(settings):
    with pytest.raises(ValueError, match="greater"):
        LoadSettings(**settings)
