"""Ask what the project stands on. Knows no web: a command or a test asks the same way."""

import asyncio
import logging
from time import perf_counter
from typing import Any, Literal

from framework import Project, service
from framework.apps import Probe
from framework.health.schemas import Check, Report
from framework.health.settings import HealthSettings

_log = logging.getLogger("framework.health")


@service
class Health:
    """Asks the probes of every app, all at once, each with a time limit."""

    def __init__(self, project: Project, settings: HealthSettings) -> None:
        self._project = project
        self._timeout = settings.timeout

    async def report(self) -> Report:
        """Return what each said. Never raises for a thing that is not well, and never waits longer than the limit.

        A project that was told to stop asks nobody: it is not ready, whatever they would say.
        """
        if self._project.stopping:
            return Report(status="stopping", checks={})
        probes = self.probes()
        checks = dict(zip(probes, await asyncio.gather(*(self._ask(*each) for each in probes.items())), strict=True))
        said = {check.status for check in checks.values()}
        return Report(status="error" if "error" in said else "degraded" if "degraded" in said else "ok", checks=checks)

    def probes(self) -> dict[str, Probe]:
        """Return the probes by name; a name that two apps use gets the label of the later one in front."""
        found: dict[str, Probe] = {}
        for app in self._project.apps:
            for name, probe in app.health(self._project).items():
                found[f"{app.app_label}.{name}" if name in found else name] = probe
        return found

    async def _ask(self, name: str, probe: Probe) -> Check:
        began = perf_counter()
        status, error = await self._outcome_of(probe)
        milliseconds = round((perf_counter() - began) * 1000, 1)
        if error is not None:
            _log.warning("%s is not well: %s.", name, error)
        return Check(status=status, milliseconds=milliseconds, error=error if self._project.settings.debug else None)

    async def _outcome_of(self, probe: Probe) -> tuple[Literal["ok", "degraded", "error"], str | None]:
        async def call() -> str | None:
            return await probe()

        task = asyncio.create_task(call())
        try:
            # Not asyncio.timeout: that waits for the clean-up of what it cancels, which may hang just as well.
            await asyncio.wait((task,), timeout=self._timeout)
        finally:
            is_late = not task.done()
            task.add_done_callback(_retrieve)
            task.cancel()
        if is_late:
            return "error", f"no answer within {self._timeout:g} seconds"
        if task.cancelled():
            return "error", "it was cancelled"
        if (problem := task.exception()) is not None:
            return "error", f"{type(problem).__name__}: {problem}"
        said = task.result()
        return ("ok", None) if said is None else ("degraded", said)


def _retrieve(task: asyncio.Task[Any]) -> None:
    """Look at the outcome of a task nobody waits for, so that asyncio does not complain of it."""
    if not task.cancelled():
        task.exception()
