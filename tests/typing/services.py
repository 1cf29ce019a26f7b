"""What checkers see of services. Never run: mypy and pyright, both strict, read it."""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from typing import NewType, Protocol, assert_type

from framework import AppConfig, Inject, Project, Scope, Section, Settings, service
from framework.checks import Level, Message, check
from framework.services import Services, injected


class Clock(ABC):
    @abstractmethod
    def now(self) -> int: ...


class SystemClock(Clock):
    def now(self) -> int:
        return 0


class Mailer(Protocol):
    async def send(self, text: str) -> None: ...


class Outbox:
    async def send(self, text: str) -> None: ...


class Session: ...


class Post: ...


class Repository[M]:
    def __init__(self, session: Session, model: type[M]) -> None:
        self.model = model

    def get(self) -> M:
        raise NotImplementedError


class BlogSettings(Section):
    page_size: int = 20


Port = NewType("Port", int)
type Posts = Repository[Post]


@service
class PostService:
    def __init__(self, posts: Repository[Post], clock: Clock, mailer: Mailer | None = None) -> None:
        self.posts = posts


async def open_session() -> AsyncIterator[Session]:
    yield Session()


def make_repository[M](session: Session, model: type[M]) -> Iterator[Repository[M]]:
    yield Repository(session, model)


class BlogConfig(AppConfig):
    name = "blog"
    requires = ("db",)

    def ready(self, project: Project) -> None:
        services = project.services
        assert_type(services, Services)
        services.provide(PostService)
        services.provide(Repository)
        services.provide(Repository, make_repository)
        services.provide(Session, open_session)
        services.provide(Clock, SystemClock)
        services.provide(Mailer, Outbox)
        services.value(Clock, SystemClock())
        services.value(Mailer, Outbox())
        services.provide(Port, lambda: Port(8000))
        services.provide(Repository[Post], make_repository)
        services.provide(Posts)
        services.value(Port, Port(8000))
        services.value(Repository[Post], Repository(Session(), Post))
        with services.override(Clock, SystemClock()), services.override(Mailer, factory=Outbox):
            pass


async def outside_a_request(project: Project) -> None:
    async with project.lifespan(), project.scope() as scope:
        assert_type(scope, Scope)
        assert_type(await scope.get(Clock), Clock)
        assert_type(await scope.get(Mailer), Mailer)
        assert_type(await scope.get(Port), Port)
        assert_type(await scope.get(PostService), PostService)
        assert_type(await scope.get(Repository[Post]), Repository[Post])
        assert_type((await scope.get(Repository[Post])).get(), Post)
        assert_type(await scope.get(Posts), Repository[Post])
        assert_type(await scope.get(BlogSettings), BlogSettings)
        assert_type(await scope.get(Settings), Settings)
        assert_type(await scope.get(Project), Project)
    assert_type(project.settings.section(BlogSettings), BlogSettings)


async def command(posts: Inject[PostService], clock: Inject[Clock], rows: Inject[Repository[Post]]) -> None:
    assert_type(posts, PostService)
    assert_type(clock, Clock)
    assert_type(rows.get(), Post)


assert_type(list(injected(command)), list[str])


@check
def plain(project: Project) -> Iterator[Message]:
    yield Message(Level.WARNING, "text")


@check(tags=("blog",), deploy=True)
def tagged(project: Project) -> list[Message]:
    return [Message(Level.ERROR, "text")]


def uses(project: Project) -> None:
    assert_type(plain(project), Iterator[Message])
    assert_type(tagged(project), list[Message])
