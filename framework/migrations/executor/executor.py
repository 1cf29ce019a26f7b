"""Applies migrations and takes them back: each in one transaction, its row included, unless its file says otherwise."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

import sqlalchemy as sa
from alembic.util.exc import CommandError as AlembicError
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from framework.errors import FrameworkError
from framework.migrations.database.connection import reading, require_whole, watching
from framework.migrations.database.lock import Tell, run_lock
from framework.migrations.database.retries import RetryPolicy
from framework.migrations.errors import MigrationFailed
from framework.migrations.executor.failures import failure, half_there, kept
from framework.migrations.executor.fake_initial import existing
from framework.migrations.executor.preconditions import require_finished, require_runnable
from framework.migrations.executor.script import Script
from framework.migrations.history.graph import Graph, Step
from framework.migrations.recorder.progress import Progress, finish, unfinished
from framework.migrations.recorder.reader import Rows
from framework.migrations.recorder.recorder import Recorder
from framework.migrations.state.replay import replay, replay_one
from framework.migrations.state.state import State

__all__ = ["Executor", "Moment", "Report"]

type Moment = Literal["start", "done", "faked", "skipped", "failed"]
type Report = Callable[[Step, Moment], None]


def silent(*_: object) -> None:
    """Report nothing."""


class Executor:
    """Runs steps on one database. Works inside a running event loop."""

    def __init__(self, engine: AsyncEngine, graph: Graph, policy: RetryPolicy | None = None) -> None:
        self.engine = engine
        self.graph = graph
        self.policy = policy or RetryPolicy()

    async def rows(self) -> Rows:
        """Return what the database says of its migrations."""
        async with reading(self.engine) as connection:
            return await connection.run_sync(lambda sync: Recorder(sync).rows())

    async def applied(self) -> set[str]:
        """Return the revisions that the database has."""
        rows = await self.rows()
        names = rows.within(self.graph).names
        # Where squashed migrations stand beside what they replace, the database decides which of them count.
        self.graph = self.graph.given(names)
        return rows.within(self.graph).applied(self.graph)

    async def unfinished(self) -> list[str]:
        """Return the migrations that broke off in the middle, for they run in no transaction."""
        async with reading(self.engine) as connection:
            return [str(progress) for progress in await connection.run_sync(unfinished)]

    async def settle(self, *, wait: bool = True, tell: Tell = silent) -> None:
        """Write what is applied without a row: what Alembic noted before, and squashed migrations."""
        async with (
            self.engine.connect() as connection,
            run_lock(connection, wait=wait, tell=tell),
            connection.begin(),
        ):
            await connection.run_sync(self.catch_up, tell, False)

    async def forget(self, rows: Sequence[tuple[str, str]]) -> None:
        """Take away the rows of migrations that are no more."""
        async with self.engine.begin() as connection:
            await connection.run_sync(lambda sync: Recorder(sync).remove(rows))

    def catch_up(self, connection: sa.Connection, tell: Tell, fake: bool) -> None:
        """Do that in the transaction of a run."""
        recorder = Recorder(connection)
        rows = recorder.rows()
        if not fake:
            rows.require_files(self.graph)
        recorder.catch_up(self.graph)
        for news in rows.news(self.graph):
            tell(news)

    async def run(
        self,
        steps: Sequence[Step],
        *,
        fake: bool = False,
        fake_initial: bool = False,
        wait: bool = True,
        report: Report = silent,
        tell: Tell = silent,
    ) -> None:
        """Carry out `steps` in order; with `fake` only their rows are written, with `fake_initial` only those of an
        app's first migration whose tables and columns are there already. `tell` gets news on long ones.

        Raises `MigrationFailed` at the first that fails: those before it stay, nothing of it does unless it says
        `transactional = False`. While another process migrates it waits, or with `wait=False` raises `Locked`.
        """
        if not steps:
            return
        async with self.engine.connect() as connection, run_lock(connection, wait=wait, tell=tell):
            async with connection.begin():
                await connection.run_sync(self.catch_up, tell, fake or fake_initial)
                self.graph = self.graph.given(await connection.run_sync(lambda sync: Recorder(sync).names()))
                require_planned(self.graph, steps)
                applied = await connection.run_sync(lambda sync: Recorder(sync).applied(self.graph))
                broken_off = await connection.run_sync(unfinished)
                require_finished(broken_off, steps)
            state = replay(self.graph, applied)
            work = Work(connection, self.graph, state, self.policy, tell, {str(progress) for progress in broken_off})
            # Another process may have done some of them since they were planned.
            due = {step.migration.revision for step in steps if (step.migration.revision in applied) != step.forward}
            if not fake:
                require_runnable([step for step in steps if step.migration.revision in due], state)
            for step in steps:
                report(step, "start")
                if step.migration.revision not in due:
                    report(step, "skipped")
                    continue
                try:
                    done_before = fake or (fake_initial and await work.stands(step))
                    await (work.note(step) if done_before else work.carry_out(step))
                except BaseException as error:
                    report(step, "failed")
                    if isinstance(error, SQLAlchemyError | AlembicError | ArithmeticError | LookupError | ValueError):
                        raise failure(step, error) from error
                    if not isinstance(error, FrameworkError):
                        error.add_note(f"In migration {step.migration}. {kept(step)}")
                    raise
                report(step, "faked" if done_before else "done")


def require_planned(graph: Graph, steps: Sequence[Step]) -> None:
    """Raise when another process has brought the database to where these steps don't fit any more."""
    if strangers := [str(step.migration) for step in steps if step.migration.revision not in graph.nodes]:
        raise MigrationFailed(
            f"The database changed while this run was planned: {', '.join(strangers)} no longer fits.",
            hint="Run migrate again.",
            code="migrations.squashed",
        )


@dataclass(slots=True)
class Work:
    """One run, which holds the lock of the database."""

    connection: AsyncConnection
    graph: Graph
    state: State
    policy: RetryPolicy
    tell: Tell
    broken_off: Collection[str]
    """The migrations that former runs have left in the middle."""

    async def carry_out(self, step: Step) -> None:
        """Carry out one step."""
        if step.migration.transactional:
            await self.at_once(step)
        else:
            await self.step_by_step(step)

    async def stands(self, step: Step) -> bool:
        """Tell whether a step is an app's first and all that it makes is there; the state then goes past it.

        Raises `MigrationFailed` when a part of it is.
        """
        if not step.forward or step.migration.parents:
            return False
        trial = self.state.copy()
        replay_one(step.migration, trial)
        async with self.connection.begin():
            found = await self.connection.run_sync(existing, self.state, trial)
        if found.there and found.missing:
            raise half_there(step, found)
        if found.there:
            self.state.become(trial)
        return bool(found.there)

    async def note(self, step: Step) -> None:
        """Write that a step is done."""
        async with self.connection.begin():
            await self.connection.run_sync(record, step, self.graph)
            await self.connection.run_sync(finish, step.migration)

    async def at_once(self, step: Step) -> None:
        """Carry out a step in one transaction, again from its beginning when a lock cannot be had."""
        for attempt in count(1):
            trial = self.state.copy()
            script = Script(step, trial, self.policy, self.tell)
            try:
                if script.works_on_rows():
                    async with watching(self.connection, script.leaves_tables_alone()), self.connection.begin():
                        await self.connection.run_sync(self.policy.apply)
                        await script.run(self.connection)
                        await self.connection.run_sync(self.conclude, step)
                else:
                    await self.connection.run_sync(self.change_tables, script)
            except SQLAlchemyError as error:
                if not self.policy.allows(error, attempt):
                    raise
                self.tell(self.policy.say(attempt))
                await asyncio.sleep(self.policy.pause(attempt))
            else:
                self.state.become(trial)
                return

    def change_tables(self, connection: sa.Connection, script: Script) -> None:
        """Carry out a step that leaves rows alone, which is most of them: in one go, for it is much faster."""
        with connection.begin():
            self.policy.apply(connection)
            script.change_tables(connection)
            self.conclude(connection, script.step)

    def conclude(self, connection: sa.Connection, step: Step) -> None:
        """Write that a step is done, and look at what it leaves."""
        record(connection, step, self.graph)
        if str(step.migration) in self.broken_off:
            finish(connection, step.migration)  # it was in no transaction then
        require_whole(connection, str(step.migration))

    async def step_by_step(self, step: Step) -> None:
        """Carry out a step operation by operation and batch by batch, from where a former run broke off."""
        async with self.connection.begin():
            progress = await self.connection.run_sync(Progress.of, step)
        try:
            await Script(step, self.state, self.policy, self.tell, progress).run(self.connection)
        except BaseException:
            await self.connection.rollback()
            raise
        await self.note(step)


def record(connection: sa.Connection, step: Step, graph: Graph) -> None:
    """Write that a step is done."""
    recorder = Recorder(connection)
    if step.forward:
        recorder.record(step.migration, graph)
    else:
        recorder.forget(step.migration, graph)
