"""What a factory asks for, read from its annotations: strings, aliases and type arguments."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Generic, Protocol, TypeVar

import pytest

from framework.errors import ImproperlyConfigured
from framework.services import Inject, Services

if TYPE_CHECKING:
    from decimal import Decimal


class Session: ...


class Post: ...


class Tag: ...


class Repository[M]:
    def __init__(self, session: Session, model: type[M]) -> None:
        self.session, self.model = session, model


class PostRepository(Repository[Post]):
    pass


class Pair[A, B]:
    def __init__(self, one: Repository[A], other: Repository[B], second: type[B]) -> None:
        self.one, self.other, self.second = one, other, second


class Swapped[X, Y](Pair[Y, X]):
    pass


T = TypeVar("T")


class OldStyle(Generic[T]):  # noqa: UP046 — the way it was written before Python 3.12
    def __init__(self, model: type[T]) -> None:
        self.model = model


class Kept(OldStyle[Tag], Generic[T]):  # noqa: UP046 — the same variable means two things
    def __init__(self, model: type[T], tags: OldStyle[Tag]) -> None:
        super().__init__(Tag)
        self.own, self.tags = model, tags


class Store[M](Protocol):
    model: type[M]


class SqlStore[Row]:
    def __init__(self, session: Session, model: type[Row]) -> None:
        self.session, self.model = session, model


class DerivedStore[Row](Store[Row]):
    def __init__(self, session: Session, model: type[Row]) -> None:
        self.session, self.model = session, model


class Both[A, B]:
    first: type[A]
    second: type[B]


class Flipped[X, Y](Both[Y, X]):
    def __init__(self, x: type[X], y: type[Y]) -> None:
        self.first, self.second = y, x


type Posts = Repository[Post]
type Rows[R] = Annotated[Repository[R], "an alias of an alias"]


class Service:
    def __init__(self, posts: Repository[Post], tags: Inject[Repository[Tag]], own: PostRepository) -> None:
        self.posts, self.tags, self.own = posts, tags, own


@pytest.fixture
def services() -> Services:
    services = Services()
    for class_ in (Session, Repository, PostRepository, Pair, Swapped, OldStyle, Kept, Service):
        services.provide(class_)
    return services


async def test_a_generic_is_asked_for_without_a_subclass(services: Services) -> None:
    async with services.scope() as scope:
        service = await scope.get(Service)
        assert service.posts.model is Post
        assert service.tags.model is Tag
        assert service.posts.session is service.tags.session is await scope.get(Session)
        assert await scope.get(Repository[Post]) is service.posts


async def test_a_subclass_that_fixes_the_type_argument_inherits_the_constructor(services: Services) -> None:
    async with services.scope() as scope:
        assert (await scope.get(PostRepository)).model is Post


async def test_type_arguments_go_down_into_what_a_generic_asks_for(services: Services) -> None:
    async with services.scope() as scope:
        pair = await scope.get(Pair[Post, Tag])
        assert (pair.one.model, pair.other.model, pair.second) == (Post, Tag, Tag)
        swapped = await scope.get(Swapped[Post, Tag])
        assert (swapped.one.model, swapped.other.model, swapped.second) == (Tag, Post, Post)


async def test_type_variables_of_before_python_3_12_may_be_shared_between_classes(services: Services) -> None:
    async with services.scope() as scope:
        assert (await scope.get(OldStyle[Post])).model is Post
        kept = await scope.get(Kept[Post])
        assert (kept.own, kept.model, kept.tags.model) == (Post, Tag, Tag)


async def test_aliases_and_metadata_lead_to_the_type_behind_them(services: Services) -> None:
    class User:
        def __init__(self, posts: object, rows: object) -> None:
            self.posts, self.rows = posts, rows

    User.__init__.__annotations__.update(posts=Posts, rows=Rows[Tag])
    services.provide(User)
    async with services.scope() as scope:
        user = await scope.get(User)
        assert user.posts is await scope.get(Repository[Post]) is await scope.get(Posts)
        assert user.rows is await scope.get(Repository[Tag]) is await scope.get(Inject[Repository[Tag]])


async def test_the_factory_of_one_type_argument_wins_over_that_of_the_generic(services: Services) -> None:
    special = PostRepository(Session(), Post)
    services.value(Repository[Post], special)
    async with services.scope() as scope:
        service = await scope.get(Service)
        assert service.posts is special
        assert service.tags.model is Tag


def make[M](session: Session, model: type[M]) -> Repository[M]:
    return Repository(session, model)


def generate[M](session: Session, model: type[M]) -> Iterator[Repository[M]]:
    yield Repository(session, model)


async def generate_async[M](session: Session, model: type[M]) -> AsyncIterator[Repository[M]]:
    yield Repository(session, model)


@pytest.mark.parametrize("factory", [make, generate, generate_async])
async def test_a_function_for_a_generic_gets_the_type_argument_that_it_returns(
    services: Services, factory: object
) -> None:
    services.provide(Repository, factory)  # type: ignore[arg-type]
    async with services.scope() as scope:
        assert (await scope.get(Repository[Tag])).model is Tag


def untold[M](session: Session, model: type[M]):  # type: ignore[no-untyped-def]
    return Repository(session, model)


def told_another[M](session: Session, model: type[M]) -> list[Session]:
    return [session]


@pytest.mark.parametrize("factory", [untold, told_another])
async def test_a_function_that_does_not_say_what_it_returns_cannot_get_a_type_argument(
    services: Services, factory: object
) -> None:
    services.provide(Repository, factory)  # type: ignore[arg-type]
    async with services.scope() as scope:
        with pytest.raises(ImproperlyConfigured) as caught:
            await scope.get(Repository[Tag])
    assert caught.value.code == "services.type-argument"


async def test_another_class_for_a_generic_gets_the_type_argument_of_its_base(services: Services) -> None:
    services.provide(Store, DerivedStore)
    async with services.scope() as scope:
        store = await scope.get(Store[Post])
        assert isinstance(store, DerivedStore)
        assert store.model is Post


async def test_a_generic_without_its_type_argument_says_what_to_ask_for(services: Services) -> None:
    async with services.scope() as scope:
        with pytest.raises(ImproperlyConfigured) as caught:
            await scope.get(Repository)
    assert str(caught.value).startswith(f"Parameter 'model' of {__name__}.Repository ({__file__}:")
    assert str(caught.value).endswith(
        ") takes a type argument, and got none.\n"
        "  Hint: Ask for Repository[...] with the type in the brackets.  [services.type-argument]"
    )


async def test_type_arguments_reach_another_class_by_their_meaning_not_their_order(services: Services) -> None:
    services.provide(Both, Flipped)
    async with services.scope() as scope:
        both = await scope.get(Both[Post, Tag])
    assert (both.first, both.second) == (Post, Tag)


async def test_a_class_that_only_looks_like_the_generic_gets_its_type_arguments_in_their_order(
    services: Services,
) -> None:
    services.provide(Store, SqlStore)
    async with services.scope() as scope:
        assert (await scope.get(Store[Post])).model is Post


@dataclass
class Report:
    posts: Repository[Post]
    size: int = 7


async def test_a_dataclass_is_a_service_by_its_fields(services: Services) -> None:
    services.provide(Report)
    async with services.scope() as scope:
        report = await scope.get(Report)
    assert (report.posts.model, report.size) == (Post, 7)


class Priced:
    def __init__(self, price: Decimal) -> None: ...


def test_a_name_imported_for_checkers_only_is_named_with_the_way_out() -> None:
    services = Services()
    services.provide(Priced)
    (problem,) = services.problems()
    assert problem.message.startswith(f"{__name__}.Priced ({__file__}:")
    assert problem.message.endswith(") names 'Decimal', which its module does not hold at run time.")
    assert problem.hint == "Import 'Decimal' outside `if TYPE_CHECKING:`, at the top of the module."
    assert problem.code == "services.annotation"


class Untyped:
    def __init__(self, posts, size=3) -> None: ...  # type: ignore[no-untyped-def]


def test_a_parameter_without_a_type_is_named() -> None:
    services = Services()
    services.provide(Untyped)
    (problem,) = services.problems()
    assert problem.message.startswith(f"Parameter 'posts' of {__name__}.Untyped ({__file__}:")
    assert problem.message.endswith(") has no type.")
    assert problem.hint == "Annotate it with the type of the service it needs, or give it a default."


async def test_a_class_written_in_c_is_built_with_nothing() -> None:
    services = Services()
    services.provide(dict)
    async with services.scope() as scope:
        assert await scope.get(dict) == {}


async def test_annotations_are_read_once_per_registry(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    async with services.scope() as scope:
        await scope.get(Service)
    monkeypatch.setattr("framework.services.plans.parameters", lambda *_: pytest.fail("read again"))
    async with services.scope() as scope:
        assert isinstance(await scope.get(Service), Service)
