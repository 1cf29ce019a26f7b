"""Counters in memory stay few, and a hit costs the same however many there are."""

from framework.throttling.memory import MemoryStore


async def test_the_counter_unused_for_longest_goes_when_there_are_too_many() -> None:
    store = MemoryStore(3)
    for key in ("a", "b", "c", "a", "d"):
        await store.incr(key, 60)
    assert [await store.get(key) for key in "abcd"] == [2, 0, 1, 1]


async def test_ended_counters_are_forgotten_by_whoever_hits_next(monkeypatch) -> None:
    from framework.throttling import memory

    now = 1000.0
    monkeypatch.setattr(memory, "time", lambda: now)
    store = MemoryStore(100_000)
    for number in range(100):
        await store.incr(str(number), 10)
    now += 11
    for number in range(100):
        await store.incr(f"new {number}", 10)
    assert len(store) == 100


async def test_a_counter_ends_and_begins_anew(monkeypatch) -> None:
    from framework.throttling import memory

    now = 1000.0
    monkeypatch.setattr(memory, "time", lambda: now)
    store = MemoryStore(10)
    assert [await store.incr("a", 10), await store.incr("a", 10)] == [1, 2]
    assert await store.get_expiry("a") == 1010
    now = 1010
    assert await store.get("a") == 0
    assert await store.incr("a", 10) == 1
    assert await store.get_expiry("a") == 1020
