"""What a project provides: factories, values, overrides, settings."""

import functools
from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar, NewType, Protocol

import pytest

from framework.conf import Section, Settings
from framework.errors import ImproperlyConfigured, ServiceNotFound
from framework.services import Services, service


class Clock(ABC):
    @abstractmethod
    def now(self) -> int: ...


class FixedClock(Clock):
    def __init__(self, at: int = 0) -> None:
        self.at = at

    def now(self) -> int:
        return self.at


class Mailer(Protocol):
    def send(self, text: str) -> None: ...


class Outbox:
    def send(self, text: str) -> None: ...


class Alarm:
    def __init__(self, clock: Clock) -> None:
        self.clock = clock


ALARM_LINE = Path(__file__).read_text().splitlines().index("class Alarm:") + 1

Port = NewType("Port", int)


async def get[T](services: Services, type_: type[T]) -> T:
    async with services.scope() as scope:
        return await scope.get(type_)


async def test_an_abstract_class_a_protocol_and_a_new_type_are_keys_like_any_other() -> None:
    services = Services()
    services.provide(Clock, FixedClock)
    services.provide(Mailer, Outbox)
    services.value(Port, Port(8000))
    async with services.scope() as scope:
        assert isinstance(await scope.get(Clock), FixedClock)
        assert isinstance(await scope.get(Mailer), Outbox)
        assert await scope.get(Port) == 8000


async def test_a_value_is_one_object_in_all_scopes_and_is_never_closed() -> None:
    class Pool:
        def __enter__(self) -> None:
            pytest.fail("a value must not be entered")

        def __exit__(self, *raised: object) -> None:
            pytest.fail("a value must not be left")

    class User:
        def __init__(self, pool: Pool) -> None:
            self.pool = pool

    pool, services = Pool(), Services()
    services.value(Pool, pool)
    services.provide(User)
    assert await get(services, Pool) is pool
    assert (await get(services, User)).pool is pool


async def test_the_value_none_is_a_value() -> None:
    services = Services()
    services.value(type(None), None)
    assert await get(services, type(None)) is None


async def test_a_later_registration_replaces_an_earlier_one_also_for_services_built_from_it() -> None:
    services = Services()
    services.provide(Clock, FixedClock)
    services.provide(Alarm)
    assert (await get(services, Alarm)).clock.now() == 0
    services.value(Clock, FixedClock(5))
    assert (await get(services, Alarm)).clock.now() == 5
    services.provide(Clock, lambda: FixedClock(7))
    assert (await get(services, Alarm)).clock.now() == 7


async def test_an_override_stands_until_its_block_ends_and_reaches_what_is_built_from_it() -> None:
    services = Services()
    services.provide(Clock, FixedClock)
    services.provide(Alarm)
    with services.override(Clock, FixedClock(1)):
        assert (await get(services, Alarm)).clock.now() == 1
        with services.override(Clock, factory=lambda: FixedClock(2)):
            assert (await get(services, Alarm)).clock.now() == 2
        assert (await get(services, Alarm)).clock.now() == 1
        services.value(Clock, FixedClock(3))
        assert (await get(services, Alarm)).clock.now() == 1
    assert (await get(services, Alarm)).clock.now() == 3


async def test_an_override_ends_also_when_its_block_fails() -> None:
    services = Services()
    services.provide(Clock, FixedClock)
    with pytest.raises(LookupError), services.override(Clock, FixedClock(1)):
        raise LookupError
    assert (await get(services, Clock)).now() == 0


async def test_an_override_may_provide_what_nothing_provides() -> None:
    services = Services()
    with services.override(Clock, FixedClock(1)):
        assert (await get(services, Clock)).now() == 1
    with pytest.raises(ServiceNotFound):
        await get(services, Clock)


async def test_two_registries_share_nothing() -> None:
    one, other = Services(), Services()
    one.provide(Clock, FixedClock)
    assert Clock in one
    assert Clock not in other


class BlogSettings(Section):
    prefix: ClassVar[str] = "blog"
    page_size: int = 20


class MySettings(Settings):
    blog: BlogSettings = BlogSettings(page_size=5)


async def test_settings_are_services_by_every_class_they_have_and_sections_by_theirs() -> None:
    class Undeclared(Section):
        prefix: ClassVar[str] = "undeclared"
        keep_days: int = 30

    class Posts:
        def __init__(self, settings: Settings, mine: MySettings, blog: BlogSettings, other: Undeclared) -> None:
            self.found = (settings, mine, blog.page_size, other.keep_days)

    settings = MySettings(debug=True)
    services = Services(settings)
    services.provide(Posts)
    assert (await get(services, Posts)).found == (settings, settings, 5, 30)


async def test_a_section_can_be_replaced_like_any_service() -> None:
    services = Services(MySettings(debug=True))
    with services.override(BlogSettings, BlogSettings(page_size=1)):
        assert (await get(services, BlogSettings)).page_size == 1
    assert (await get(services, BlogSettings)).page_size == 5


class Cheap:
    def __init__(self, clock: Clock, mailer: "Mailer | None" = None, size: int = 10, *rest: int, **more: int) -> None:
        self.found = (clock.now(), mailer, size, rest, more)


async def test_a_default_stands_for_what_nothing_provides() -> None:
    services = Services()
    services.value(Clock, FixedClock(1))
    services.provide(Cheap)
    assert (await get(services, Cheap)).found == (1, None, 10, (), {})


async def test_what_is_provided_wins_over_a_default() -> None:
    services = Services()
    outbox = Outbox()
    services.value(Clock, FixedClock(1))
    services.value(Mailer, outbox)
    services.provide(Cheap)
    assert (await get(services, Cheap)).found == (1, outbox, 10, (), {})


async def test_an_optional_without_default_is_none_when_nothing_provides_it() -> None:
    class Notice:
        def __init__(self, mailer: Mailer | None) -> None:
            self.mailer = mailer

    services = Services()
    services.provide(Notice)
    assert (await get(services, Notice)).mailer is None


async def test_positional_only_keyword_only_and_partial_factories_are_called_as_written() -> None:
    class Strict:
        def __init__(self, size: int = 3, /, clock: Clock = FixedClock(9), *, alarm: Alarm) -> None:  # noqa: B008
            self.found = (size, clock.now(), alarm.clock.now())

    def alarm(clock: Clock, offset: int) -> Alarm:
        return Alarm(FixedClock(clock.now() + offset))

    services = Services()
    services.value(Clock, FixedClock(1))
    services.provide(Alarm, functools.partial(alarm, offset=5))
    services.provide(Strict)
    assert (await get(services, Strict)).found == (3, 1, 6)


async def test_a_callable_object_and_a_bound_method_are_factories() -> None:
    class Factory:
        def __call__(self, clock: Clock) -> Alarm:
            return Alarm(clock)

        async def build(self, clock: Clock) -> Alarm:
            return Alarm(clock)

    services = Services()
    services.value(Clock, FixedClock(4))
    for factory in (Factory(), Factory().build):
        services.provide(Alarm, factory)
        assert (await get(services, Alarm)).clock.now() == 4


@pytest.mark.parametrize("key", [Clock, Mailer])
def test_what_is_abstract_needs_a_factory_and_says_so_where_it_is_provided(key: type) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        Services().provide(key)
    assert str(caught.value).startswith(f"{__name__}.{key.__name__} ({__file__}:")
    assert str(caught.value).endswith(
        ") is abstract and cannot be built.\n"
        f"  Hint: Say what builds it: `services.provide({key.__name__}, factory)`.  [services.factory]"
    )


def test_a_finished_object_is_no_factory() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        Services().provide(Outbox, Outbox())  # type: ignore[arg-type]
    assert "cannot build" in str(caught.value)
    assert "`value(type, instance)`" in str(caught.value)


def test_a_class_is_no_finished_object() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        Services().value(Clock, FixedClock)  # type: ignore[type-abstract]
    assert caught.value.message.startswith(f"The class {__name__}.FixedClock ({__file__}:")
    assert caught.value.message.endswith(f") is no instance of {__name__}.Clock.")
    assert caught.value.hint == "Give `value()` a finished object, or write `provide(Clock, FixedClock)`."


async def test_nothing_provides_it_says_who_asked_and_where() -> None:
    services = Services()
    services.provide(Alarm)
    async with services.scope() as scope:
        with pytest.raises(ServiceNotFound) as caught:
            await scope.get(Alarm)
    assert str(caught.value) == (
        f"Nothing provides {__name__}.Clock, "
        f"which parameter 'clock' of {__name__}.Alarm ({__file__}:{ALARM_LINE}) asks for.\n"
        "  Hint: Put the app that provides it in installed_apps, mark its class with @service in services.py, "
        "or give it to project.services in AppConfig.ready().  [services.not-found]"
    )


async def test_nothing_provides_it_points_at_a_subclass_that_is_provided() -> None:
    services = Services()
    services.provide(FixedClock)
    with pytest.raises(ServiceNotFound) as caught:
        await get(services, Clock)  # type: ignore[type-abstract]
    assert caught.value.message == f"Nothing provides {__name__}.Clock."
    assert caught.value.hint == f"{__name__}.FixedClock is one: say so with `services.provide(Clock, FixedClock)`."


async def test_nothing_provides_it_points_at_a_name_that_is_near() -> None:
    class OutBox: ...

    services = Services()
    services.provide(Outbox)
    with pytest.raises(ServiceNotFound) as caught:
        await get(services, OutBox)
    assert caught.value.hint == f"Did you mean {__name__}.Outbox?"


class Hen:
    def __init__(self, egg: "Egg") -> None: ...


class Egg:
    def __init__(self, nest: "Nest") -> None: ...


class Nest:
    def __init__(self, hen: Hen) -> None: ...


async def test_a_cycle_prints_the_path() -> None:
    services = Services()
    for class_ in (Hen, Egg, Nest):
        services.provide(class_)
    with pytest.raises(ImproperlyConfigured) as caught:
        await get(services, Egg)
    assert str(caught.value) == (
        "Services need each other in a circle: "
        f"{__name__}.Egg -> {__name__}.Nest -> {__name__}.Hen -> {__name__}.Egg.\n"
        "  Hint: Move what both need into a third one, or take `scope: Scope` and `await scope.get(...)` "
        "when it is used.  [services.cycle]"
    )


def test_problems_lists_each_fault_once_and_sound_services_not_at_all() -> None:
    class Needy:
        def __init__(self, alarm: Alarm) -> None: ...

    services = Services()
    services.provide(Outbox)
    services.provide(Alarm)
    services.provide(Needy)
    assert [problem.code for problem in services.problems()] == ["services.not-found"]
    services.value(Clock, FixedClock())
    assert list(services.problems()) == []


def test_a_subclass_of_a_service_is_not_marked() -> None:
    @service
    class Marked: ...

    class Derived(Marked): ...

    assert "__service__" in vars(Marked)
    assert "__service__" not in vars(Derived)
