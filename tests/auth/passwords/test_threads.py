"""Hashing never runs in the loop, never in its default threads, and never for more callers than may wait."""

import asyncio
import threading
from collections.abc import Callable

import pytest

from framework import Project
from framework.auth import Passwords
from framework.auth.passwords.bcrypt import BcryptHasher
from framework.auth.passwords.threads import AHEAD, Threads
from framework.auth.settings import PasswordSettings
from framework.errors import Unavailable

type Hashing = Callable[[], int]


@pytest.fixture
def hashing() -> Hashing:
    """Count the threads that hash and did not before this test."""
    before = set(threading.enumerate())
    return lambda: sum(thread.name.startswith("passwords") for thread in set(threading.enumerate()) - before)


async def test_hashing_and_judging_run_in_threads_of_their_own(
    monkeypatch: pytest.MonkeyPatch, hashing: Hashing
) -> None:
    seen: set[str] = set()
    hash_, verify = BcryptHasher.hash, BcryptHasher.verify

    def note() -> None:
        seen.add(threading.current_thread().name.partition("_")[0])

    monkeypatch.setattr(BcryptHasher, "hash", lambda self, password: (note(), hash_(self, password))[1])
    monkeypatch.setattr(BcryptHasher, "verify", lambda self, *given: (note(), verify(self, *given))[1])
    passwords = Passwords(PasswordSettings(bcrypt_cost=4))
    encoded = await passwords.hash("x")
    await passwords.verify("x", encoded)
    await passwords.verify("x", "!")
    monkeypatch.setattr(
        "framework.auth.passwords.validators.LengthValidator.problem", lambda self, password, user: note()
    )
    await passwords.problems("x")
    assert seen == {"passwords"}
    await passwords.close()
    assert hashing() == 0


async def test_the_threads_of_a_project_are_few_and_end_with_it(project: Project, hashing: Hashing) -> None:
    async with project.lifespan():
        async with project.scope() as scope:
            passwords = await scope.get(Passwords)
        await asyncio.gather(*(passwords.hash("x") for _ in range(20)))
        assert hashing() == 2
    assert hashing() == 0
    await passwords.hash("x")  # a project may run again
    await passwords.close()


async def test_callers_beyond_those_that_may_wait_are_told_to_come_back() -> None:
    threads, go = Threads(1, max_waiting=2), threading.Event()
    callers = [asyncio.create_task(threads.run(go.wait)) for _ in range(3)]
    await asyncio.sleep(0)
    with pytest.raises(Unavailable) as caught:
        await threads.run(go.wait)
    assert (caught.value.code, caught.value.retry_after) == ("auth.busy", 1)

    callers[2].cancel()  # who goes away gives the place up
    await asyncio.wait(callers[2:])
    late = asyncio.create_task(threads.run(lambda: True))
    go.set()
    assert await asyncio.gather(*callers[:2], late) == [True, True, True]
    await threads.close()


async def test_a_few_are_let_in_at_a_time_in_order_and_as_many_may_wait_as_the_settings_say() -> None:
    threads, inside, most = Threads(1, max_waiting=20), 0, 0
    order: list[int] = []

    async def enter(number: int) -> None:
        nonlocal inside, most
        async with threads.turn():
            inside += 1
            most = max(most, inside)
            order.append(number)
            await asyncio.sleep(0)
            inside -= 1

    results = await asyncio.gather(*(enter(number) for number in range(30)), return_exceptions=True)
    assert most == 1 + AHEAD
    assert order == list(range(1 + AHEAD + 20))
    assert [type(result) for result in results[len(order) :]] == [Unavailable] * 5
    await asyncio.gather(*(enter(number) for number in range(10)))  # nobody is counted for ever


def test_a_project_may_run_in_one_loop_after_the_other() -> None:
    threads = Threads(1, max_waiting=20)

    async def crowd() -> None:
        async def enter() -> None:
            async with threads.turn():
                await threads.run(lambda: None)

        await asyncio.gather(*(enter() for _ in range(10)))

    for _ in range(2):
        asyncio.run(crowd())
    asyncio.run(threads.close())


async def test_closing_drops_what_waits_and_awaits_what_is_under_way(hashing: Hashing) -> None:
    threads, go, begun = Threads(1, max_waiting=10), threading.Event(), threading.Event()

    def work() -> bool:
        begun.set()
        return go.wait(10)

    first, waiting = asyncio.create_task(threads.run(work)), asyncio.create_task(threads.run(work))
    await asyncio.to_thread(begun.wait, 10)
    closing = asyncio.create_task(threads.close())
    await asyncio.wait((waiting,))
    assert waiting.cancelled()
    go.set()
    await closing
    assert await first is True
    assert hashing() == 0
