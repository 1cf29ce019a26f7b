"""A project at work outside a server: its lifespan and one scope, open on a loop of their own."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, Never, Self

import typer

from framework.management.garbage import collect_as_usual
from framework.project import Project
from framework.services import Scope

TERMINATED = 128 + signal.SIGTERM
"""What a shell sees of a process that was asked to end."""


class Work:
    """A context manager that opens a project's lifespan and a scope, for code that runs no loop itself.

    Leaving it cleanly commits; an exception, Ctrl-C or SIGTERM rolls back. `exit 0` is a clean end.
    """

    scope: Scope

    def __init__(self, project: Project, wanted: Mapping[str, Any] | None = None) -> None:
        self._project = project
        self._wanted = wanted or {}
        self._runner = asyncio.Runner()
        self.services: dict[str, Any] = {}
        """The services of the wanted types, by the names they were wanted under."""

    def __enter__(self) -> Self:
        self._runner.__enter__()
        try:
            self._runner.run(self._open())
        except BaseException:
            self._runner.__exit__(*sys.exc_info())
            raise
        collect_as_usual()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        try:
            self._runner.run(self._close(None if is_success(error) else error))
        finally:
            self._runner.close()

    def run[T](self, awaitable: Awaitable[T]) -> T:
        """Run `awaitable` to its end. Ctrl-C and SIGTERM cancel it first."""
        return self._runner.run(until_terminated(awaitable))

    def run_and_store[T](self, awaitable: Awaitable[T]) -> T:
        """Run `awaitable` and commit what it did, or roll it back when it raises. The scope goes on."""
        return self.run(self._stored(awaitable))

    async def _stored[T](self, awaitable: Awaitable[T]) -> T:
        try:
            result = await awaitable
        except BaseException:
            await self.scope.checkpoint(commit=False)
            raise
        await self.scope.checkpoint(commit=True)
        return result

    async def _open(self) -> None:
        # One task holds everything open: cancel scopes and task groups must be left where they were entered.
        self._opened = asyncio.get_running_loop().create_future()
        self._ending: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._keeper = asyncio.create_task(self._keep())
        await asyncio.wait((self._opened, self._keeper), return_when=asyncio.FIRST_COMPLETED)
        if self._keeper.done():
            self._keeper.result()

    async def _keep(self) -> None:
        async with self._project.lifespan(), self._project.scope() as self.scope:
            for name, type_ in self._wanted.items():
                self.services[name] = await self.scope.get(type_)
            self._opened.set_result(None)
            await self._ending

    async def _close(self, error: BaseException | None) -> None:
        if self._ending.done() or self._keeper.done():
            pass
        elif error is None:
            self._ending.set_result(None)
        elif isinstance(error, Exception):
            self._ending.set_exception(error)
        else:
            self._keeper.cancel()
        await asyncio.wait((self._keeper,))
        if not self._keeper.cancelled() and (raised := self._keeper.exception()) is not None and raised is not error:
            raise raised


def is_success(error: BaseException | None) -> bool:
    """Tell whether a command that ended so did what it should: it returned, or it left with code 0."""
    match error:
        case None:
            return True
        case typer.Exit():
            return error.exit_code == 0
        case SystemExit():
            return not error.code
        case _:
            return False


async def until_terminated[T](awaitable: Awaitable[T]) -> T:
    """Await; when SIGTERM comes, cancel it, let it clean up and end the process with the code a shell expects."""
    loop, task, terminated = asyncio.get_running_loop(), asyncio.current_task(), False
    before = signal.getsignal(signal.SIGTERM)

    def terminate() -> None:
        nonlocal terminated
        terminated = True
        if task is not None:
            task.cancel()

    with suppress(NotImplementedError):  # Windows has no signals to wait for
        loop.add_signal_handler(signal.SIGTERM, terminate)
    try:
        return await awaitable
    except asyncio.CancelledError:
        if terminated:
            raise SystemExit(TERMINATED) from None
        raise
    finally:
        with suppress(NotImplementedError):
            loop.remove_signal_handler(signal.SIGTERM)
            signal.signal(signal.SIGTERM, before)  # the loop leaves the default behind


def terminate_cleanly() -> None:
    """Let SIGTERM unwind the stack, so that what is open is closed, instead of ending the process on the spot."""

    def leave(signum: int, frame: FrameType | None) -> Never:
        raise SystemExit(TERMINATED)

    signal.signal(signal.SIGTERM, leave)
