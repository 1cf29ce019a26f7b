import asyncio

import anyio
import pytest

from framework.db.connections import shielded
from framework.db.connections.shielded import to_the_end


async def test_the_result_and_the_error_of_the_work_come_back() -> None:
    async def fail() -> None:
        raise LookupError

    assert await to_the_end(asyncio.sleep(0, "done")) == "done"
    with pytest.raises(LookupError):
        await to_the_end(fail())


async def test_a_cancellation_waits_for_the_work_and_then_goes_on() -> None:
    ended: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0.05)
        ended.append("work")

    async def caller() -> None:
        await to_the_end(work())
        ended.append("never")

    task = asyncio.create_task(caller())
    for _ in range(5):
        await asyncio.sleep(0)
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert ended == ["work"]


async def test_a_cancel_scope_does_not_reach_the_work() -> None:
    ended: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0.05)
        ended.append("work")

    with anyio.move_on_after(0.01) as scope:
        await to_the_end(work())
    assert scope.cancelled_caught
    assert ended == ["work"]


async def test_work_that_hangs_is_cancelled_after_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shielded, "GRACE_SECONDS", 0.05)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await to_the_end(asyncio.sleep(3600))


async def test_an_error_of_the_work_of_a_cancelled_caller_is_not_left_unseen() -> None:
    async def fail() -> None:
        await asyncio.sleep(0.01)
        raise LookupError

    task = asyncio.create_task(to_the_end(fail()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
