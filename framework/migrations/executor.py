"""Applies migrations and takes them back: each in one transaction, its row included, unless its file says otherwise."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

import sqlalchemy as sa
from alembic.util.exc import CommandError as AlembicError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from framework.errors import FrameworkError
from framework.migrations.connection import reading, require_whole, watching
from framework.migrations.failure import MigrationFailed, failure, kept
from framework.migrations.graph import Graph, Step
from framework.migrations.lock import Tell, run_lock
from framework.migrations.patience import Patience
from framework.migrations.precautions import require_finished, require_runnable
from framework.migrations.progress import Progress, finish, unfinished
from framework.migrations.recorder import Recorder
from framework.migrations.replay import replay
from framework.migrations.script import Script
from framework.migrations.state import State

__all__ = ["Executor", "MigrationFailed", "Moment", "Report"]

type Moment = Literal["start", "done", "skipped", "failed"]
type Report = Callable[[Step, Moment], None]


def silent(*_: object) -> None:
    """Report nothing."""


class Executor:
    """Runs steps on one database. Works inside a running event loop."""

    def __init__(self, engine: AsyncEngine, graph: Graph, patience: Patience | None = None) -> None:
        self.engine = engine
        self.graph = graph
        self.patience = patience or Patience()

    async def applied(self) -> set[str]:
        """Return the revisions that the database has."""
        async with reading(self.engine) as connection:
            return await connection.run_sync(lambda sync: Recorder(sync).applied(self.graph))

    async def unfinished(self) -> list[str]:
        """Return the migrations that broke off in the middle, for they run in no transaction."""
        async with reading(self.engine) as connection:
            return [str(progress) for progress in await connection.run_sync(unfinished)]

    async def run(
        self,
        steps: Sequence[Step],
        *,
        fake: bool = False,
        wait: bool = True,
        report: Report = silent,
        tell: Tell = silent,
    ) -> None:
        """Carry out `steps` in order; with `fake` only their rows are written. `tell` gets news on long ones.

        Raises `MigrationFailed` at the first that fails: those before it stay, nothing of it does unless it says
        `transactional = False`. While another process migrates it waits, or with `wait=False` raises `Locked`.
        """
        if not steps:
            return
        async with self.engine.connect() as connection, run_lock(connection, wait=wait, tell=tell):
            async with connection.begin():
                await connection.run_sync(lambda sync: Recorder(sync).create())
                applied = await connection.run_sync(lambda sync: Recorder(sync).applied(self.graph))
                require_finished(await connection.run_sync(unfinished), steps)
            state = replay(self.graph, applied)
            work = Work(connection, state, self.patience, tell)
            # Another process may have done some of them since they were planned.
            due = [step for step in steps if (step.migration.revision in applied) != step.forward]
            if not fake:
                require_runnable(due, state)
            for step in steps:
                report(step, "start")
                if step not in due:
                    report(step, "skipped")
                    continue
                try:
                    await (work.note(step) if fake else work.carry_out(step))
                except BaseException as error:
                    report(step, "failed")
                    if isinstance(error, SQLAlchemyError | AlembicError | ArithmeticError | LookupError | ValueError):
                        raise failure(step, error) from error
                    if not isinstance(error, FrameworkError):
                        error.add_note(f"In migration {step.migration}. {kept(step)}")
                    raise
                report(step, "done")


@dataclass(slots=True)
class Work:
    """One run, which holds the lock of the database."""

    connection: AsyncConnection
    state: State
    patience: Patience
    tell: Tell

    async def carry_out(self, step: Step) -> None:
        """Carry out one step."""
        if step.migration.transactional:
            await self.at_once(step)
        else:
            await self.step_by_step(step)

    async def note(self, step: Step) -> None:
        """Write that a step is done."""
        async with self.connection.begin():
            await self.connection.run_sync(record, step)

    async def at_once(self, step: Step) -> None:
        """Carry out a step in one transaction, again from its beginning when a lock cannot be had."""
        for attempt in count(1):
            trial = self.state.copy()
            script = Script(step, trial, self.patience, self.tell)
            try:
                async with watching(self.connection, script.leaves_tables_alone()), self.connection.begin():
                    await self.connection.run_sync(self.patience.apply)
                    await script.run(self.connection)
                    await self.connection.run_sync(record, step)
                    await self.connection.run_sync(require_whole, str(step.migration))
            except SQLAlchemyError as error:
                if not self.patience.allows(error, attempt):
                    raise
                self.tell(self.patience.say(attempt))
                await asyncio.sleep(self.patience.pause(attempt))
            else:
                self.state.become(trial)
                return

    async def step_by_step(self, step: Step) -> None:
        """Carry out a step operation by operation and batch by batch, from where a former run broke off."""
        async with self.connection.begin():
            progress = await self.connection.run_sync(Progress.of, step)
        try:
            await Script(step, self.state, self.patience, self.tell, progress).run(self.connection)
        except BaseException:
            await self.connection.rollback()
            raise
        await self.note(step)


def record(connection: sa.Connection, step: Step) -> None:
    """Write that a step is done."""
    recorder = Recorder(connection)
    if step.forward:
        recorder.record(step.migration)
    else:
        recorder.forget([step.migration])
    finish(connection, step.migration)
