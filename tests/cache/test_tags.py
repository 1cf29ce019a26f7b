"""Tags against a plain reference: whatever happens in whatever order, nobody gets what was true before a change."""

import asyncio
from collections.abc import Awaitable
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from framework.cache import Cache, MemoryCache, RedisCache, TwoLevelCache
from tests.valkey import Server

TAGS = ["a", "b", "c"]
KEYS = {"x": ("a",), "y": ("a", "b"), "z": ("b", "c"), "none": ()}
"""Every key with the tags of its value."""

tags = st.sampled_from(TAGS)
keys = st.sampled_from(sorted(KEYS))
processes = st.integers(0, 1)


class World(RuleBasedStateMachine):
    """The truth is a number for each tag. A value is what its tags' numbers were when it was made."""

    caches: list[Cache]
    """One for each process that shares what is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.truth = dict.fromkeys(TAGS, 0)
        self.made: list[tuple[str, asyncio.Task[Any], asyncio.Event, int]] = []
        self.changes = 0
        self.caches = self.open()

    def open(self) -> list[Cache]:
        self.memory = MemoryCache(jitter=0)
        return [self.memory]

    def forget(self) -> None:
        self.memory.clear()

    def of(self, process: int) -> Cache:
        return self.caches[process % len(self.caches)]

    def run(self, work: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(work)

    def now(self, key: str) -> list[int]:
        return [self.truth[tag] for tag in KEYS[key]]

    @rule(tag=tags, process=processes)
    def change(self, tag: str, process: int) -> None:
        """Commit a change; everything that depends on it is forgotten."""
        self.truth[tag] += 1
        self.changes += 1
        self.run(self.of(process).invalidate(tag))
        self.check(self.of(process))  # who made the change, at once
        self.run(self.told())

    @rule()
    def lose(self) -> None:
        """Lose all that was kept, also what tells of changes."""
        self.forget()
        self.run(self.told())

    async def told(self) -> None:
        """Wait until every process has heard of all that happened so far."""

    @rule(key=keys, process=processes)
    def begin(self, key: str, process: int) -> None:
        """Begin to make a value: it reads the truth at once, and takes its time."""
        go_on, begun = asyncio.Event(), asyncio.Event()

        async def make() -> list[int]:
            read = self.now(key)
            begun.set()
            await go_on.wait()
            return read

        async def ask() -> list[int]:
            return await self.of(process).get_or_set(key, make, list[int], tags=KEYS[key])

        task = self.loop.create_task(ask())
        self.made.append((key, task, go_on, self.changes))
        self.run(self.settled(task, begun))

    async def settled(self, task: asyncio.Task[Any], begun: asyncio.Event) -> None:
        """Let a caller go as far as it comes by itself."""
        waiting = asyncio.create_task(begun.wait())
        await asyncio.wait([task, waiting], timeout=self.patience, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()

    patience = 0.001

    @rule(pick=st.integers(0, 9))
    def finish(self, pick: int) -> None:
        """Let one who is making a value end. Nobody gets what was not true since it asked."""
        if self.made:
            key, task, go_on, asked = self.made.pop(pick % len(self.made))
            go_on.set()
            for other, _, others, _ in self.made:
                if other == key:
                    others.set()  # it may wait for that one
            found = self.run(asyncio.wait_for(task, 10))
            if asked == self.changes:
                assert found == self.now(key)

    @rule(key=keys, process=processes)
    def keep(self, key: str, process: int) -> None:
        """Keep a value that was just read."""
        self.run(self.of(process).set(key, self.now(key), list[int], tags=KEYS[key]))

    @rule(key=keys, process=processes)
    def delete(self, key: str, process: int) -> None:
        """Forget a value."""
        self.run(self.of(process).delete(key))

    @invariant()
    def what_is_kept_is_true(self) -> None:
        """Every value that the cache gives out is what its tags say now."""
        for cache in self.caches:
            self.check(cache)

    def check(self, cache: Cache) -> None:
        found = self.run(cache.get_many(KEYS, list[int]))
        assert found == {key: self.now(key) for key in found}

    def teardown(self) -> None:
        for _, _, go_on, _ in self.made:
            go_on.set()  # all of them first: any may wait for one that began later
        for _, task, _, _ in self.made:
            self.run(asyncio.wait_for(task, 10))
        for cache in self.caches:
            self.run(cache.close())
        self.loop.close()


def check(world: type[World], examples: int) -> None:
    run_state_machine_as_test(
        world,
        settings=settings(
            max_examples=examples, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )


def test_tags_in_memory_never_give_out_what_was_true_before_a_change() -> None:
    check(World, 60)


class Remote(World):
    """Two processes that share a server."""

    server: Server
    patience = 0.02

    def open(self) -> list[Cache]:
        prefix = f"{uuid4()}:"
        return [self.kept(RedisCache(self.server.url, prefix=prefix, timeout=10, jitter=0)) for _ in range(2)]

    def kept(self, far: RedisCache) -> Cache:
        return far

    def forget(self) -> None:
        self.server.ask("FLUSHALL")


class Near(Remote):
    """Two with copies of what they read, too. The server tells of changes before it answers what is asked later."""

    def kept(self, far: RedisCache) -> Cache:
        return TwoLevelCache(MemoryCache(jitter=0), far)

    async def told(self) -> None:
        for cache in self.caches:
            await cache.ping()


@pytest.mark.parametrize("kind", [Remote, Near], ids=["server", "near copies"])
def test_tags_in_a_server_never_give_out_what_was_true_before_a_change_of_any_process(
    server: Server, kind: type[Remote]
) -> None:
    class Own(kind):
        pass

    Own.server = server
    check(Own, 25)
