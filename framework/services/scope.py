"""One unit of work: what is built in it lives and closes with it."""

import asyncio
import inspect
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from contextvars import Token
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, runtime_checkable

from typing_extensions import TypeForm

from framework import context
from framework._modules import name_of
from framework.errors import FrameworkError
from framework.services.plans import Step, cycle
from framework.services.signatures import plain

if TYPE_CHECKING:
    from framework.services.registry import Services


def _unusable(key: Any, status: str) -> FrameworkError:
    found = "is closed: its unit of work has ended" if status == "closed" else "was not entered"
    return FrameworkError(
        f"{name_of(plain(key))} was asked of a scope that {found}.",
        hint="Open one of its own: `async with project.scope() as scope:`.",
        code="services.scope",
    )


def _call(step: Step, built: dict[Any, Any]) -> Any:
    given = {name: built[key] for name, key in step.needs}
    return step.call(**given, **step.constants)


async def _awaited(made: Any) -> Any:
    # A pool or connection may be awaited and entered both; entering is what closes it again.
    return await made if inspect.isawaitable(made) and not _can(made, "__aenter__") else made


def _can(made: object, method: str) -> bool:
    return hasattr(type(made), method)


def _leaving(leave: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap an `__exit__` or `__aexit__` so that it cannot swallow the scope's exception."""

    async def left(*raised: Any) -> None:
        result = leave(*raised)
        if inspect.isawaitable(result):
            await result

    return left


@dataclass(slots=True)
class _Opening:
    """One service that takes awaiting to build: who builds it, and a lock for those who ask meanwhile."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    owner: asyncio.Task[Any] | None = None


@runtime_checkable
class Transactional(Protocol):
    """A service whose work is stored as a whole or not at all."""

    def in_transaction(self) -> bool:
        """Tell whether there is anything to store."""
        ...

    async def commit(self) -> None:
        """Store it."""

    async def rollback(self) -> None:
        """Let it be as if it had not been done."""


class Scope:
    """One unit of work and the services built in it. `async with` opens it; the end of the block closes it.

    Context managers among its services are left in reverse. Each sees the exception that ends the block, and none can
    swallow it: a clean end commits, an exception rolls back, whatever the others do.
    """

    def __init__(self, plan: Callable[[Any], tuple[Step, ...]], services: "Services | None" = None) -> None:
        self._plan = plan
        self._services = services
        self._before: Token[Services | None] | None = None
        self._built: dict[Any, Any] = {Scope: self}
        self._opening: dict[Any, _Opening] = {}
        self._stack = AsyncExitStack()
        self._status: Literal["new", "open", "closed"] = "new"

    async def __aenter__(self) -> Self:
        if self._status != "new":
            raise _unusable(Scope, self._status)
        self._status = "open"
        self._before = context.services.set(self._services)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._status = "closed"
        try:
            await self._stack.__aexit__(kind, error, trace)
        finally:
            if self._before is not None:
                with suppress(ValueError):  # left in another context than it was entered in, as fixtures may be
                    context.services.reset(self._before)
            self._built.clear()  # holds this scope too: without the circle it is freed at once

    async def get[T](self, type_: TypeForm[T]) -> T:
        """Return the service of `type_`: the same object within this scope, also for concurrent callers.

        Raises `ServiceNotFound` when nothing provides it, and an error when the scope is not open (any more).
        """
        if self._status != "open":
            raise _unusable(type_, self._status)
        built = self._built
        if type_ in built:
            return built[type_]
        plan = self._plan(type_)
        for step in plan:
            if step.key not in built:
                if step.immediate:
                    built[step.key] = _call(step, built)
                else:
                    await self._build(step)
        return built[plan[-1].key if plan else Scope]

    async def checkpoint(self, *, commit: bool) -> None:
        """Commit what its services did so far, or roll it back, and go on with the same services.

        For work without an end of its own, as at a prompt. Asked are those with a transaction under way:
        `in_transaction()`, `commit()` and `rollback()` as SQLAlchemy's sessions have them.
        """
        for each in list(self._built.values()):
            if isinstance(each, Transactional) and each.in_transaction():
                await (each.commit() if commit else each.rollback())

    async def _build(self, step: Step) -> None:
        opening = self._opening.setdefault(step.key, _Opening())
        task = asyncio.current_task()
        if opening.owner is task:
            raise cycle([step.key, Scope, step.key])
        async with opening.lock:
            if step.key in self._built:
                return  # a concurrent caller was first
            if self._status != "open":
                raise _unusable(step.key, self._status)
            opening.owner = task
            try:
                self._built[step.key] = await self._enter(step)
            finally:
                opening.owner = None

    async def _enter(self, step: Step) -> Any:
        made = await _awaited(_call(step, self._built))
        leave: Callable[..., Any] | None = None
        entered = made
        if _can(made, "__aenter__"):
            entered, leave = await made.__aenter__(), made.__aexit__
        elif _can(made, "__enter__"):
            entered, leave = made.__enter__(), made.__exit__
        if leave and self._status == "open":
            self._stack.push_async_exit(_leaving(leave))
        elif self._status != "open":  # a concurrent caller outlived the scope
            error = _unusable(step.key, self._status)
            if leave:
                await _leaving(leave)(type(error), error, None)
            raise error
        return entered
