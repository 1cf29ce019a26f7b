"""Services by type: registered per project, built per scope. Knows nothing of the web."""

import inspect
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager, AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Annotated, Any, cast, get_type_hints

from typing_extensions import TypeForm

from framework.errors import ServiceNotFound

__all__ = ["Inject", "Injected", "Scope", "Services", "service"]


class Injected:
    """The marker behind `Inject[T]`: the parameter is filled from the scope at hand."""


if TYPE_CHECKING:
    type Inject[T] = Annotated[T, Injected()]
else:

    class Inject:
        """`posts: Inject[PostService]` asks the scope at hand for the service of that type."""

        def __class_getitem__(cls, type_):
            return Annotated[type_, Injected()]


def service[T](cls: type[T]) -> type[T]:
    """Mark a class of `services.py` for discovery."""
    setattr(cls, "__service__", True)
    return cls


class Services:
    """What a project can provide."""

    def __init__(self) -> None:
        self._factories: dict[Any, Callable[..., Any]] = {}
        self._values: dict[Any, Any] = {}

    def provide[T](self, type_: TypeForm[T], factory: Callable[..., Any] | None = None) -> None:
        """Provide `type_`, built once per scope; the factory's annotated parameters are resolved the same way."""
        self._factories[type_] = factory or cast("Callable[..., Any]", type_)

    def value[T](self, type_: TypeForm[T], instance: T) -> None:
        """Provide one `instance` for the whole project. Wins over a factory."""
        self._values[type_] = instance

    @asynccontextmanager
    async def scope(self) -> AsyncGenerator["Scope"]:
        """Open a unit of work: a request, a task or a command."""
        async with AsyncExitStack() as stack:
            yield Scope(self, stack)


class Scope:
    """One unit of work and the services built in it."""

    def __init__(self, services: Services, stack: AsyncExitStack) -> None:
        self._services = services
        self._stack = stack
        self._built: dict[Any, Any] = {}

    async def get[T](self, type_: TypeForm[T]) -> T:
        """Return the service of `type_`; the same object within this scope."""
        services = self._services
        if type_ in services._values:
            return services._values[type_]
        if type_ not in self._built:
            self._built[type_] = await self._build(type_)
        return self._built[type_]

    async def _build(self, type_: Any) -> Any:
        try:
            factory = self._services._factories[type_]
        except KeyError:
            raise ServiceNotFound(
                f"Nothing provides {getattr(type_, '__qualname__', type_)}.",
                hint="Decorate it with @service in services.py, or provide it in AppConfig.ready().",
            ) from None
        target = factory.__init__ if inspect.isclass(factory) else factory
        hints = get_type_hints(target) if target is not object.__init__ else {}
        hints.pop("return", None)
        result = factory(**{name: await self.get(hint) for name, hint in hints.items()})
        if inspect.isawaitable(result):
            result = await result
        if isinstance(result, AbstractAsyncContextManager):
            return await self._stack.enter_async_context(cast("AbstractAsyncContextManager[Any]", result))
        if isinstance(result, AbstractContextManager) and not inspect.isclass(factory):
            return self._stack.enter_context(cast("AbstractContextManager[Any]", result))
        return result
