"""A project: settings, apps and services, held by one object and nowhere else."""

import inspect
import logging
from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, cast

from framework._modules import defined_in, import_object, name_of, where
from framework.apps import AppConfig, Apps
from framework.conf import Settings, sections_of
from framework.errors import ImproperlyConfigured, ServiceNotFound
from framework.services import Scope, Services

__all__ = ["Project"]

logger = logging.getLogger("framework.project")


class Project:
    """A loaded project. Make as many as you like in one process; they share no state.

    Loading has three phases, each for all apps in order: their configs; their models, then their services; and
    their `ready()`. Routes, commands and the like are read by who serves them.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.stopping = False
        """Whether the process was told to end: what was begun is finished, nothing new should be sent here."""
        self.apps = Apps(settings.installed_apps, settings)
        settings.load_sections(
            section for _, module in self.apps.modules("settings") for section in sections_of(module)
        )
        self.services = Services(settings)
        self.services.value(Project, self)
        self._import_models()
        self._provide_services()
        self._make_ready()
        self._replace_services()
        self._raise_problems(missing=False)

    def scope(self) -> Scope:
        """Return a unit of work outside a request, for `async with`: the very services that a route would get."""
        return self.services.scope()

    @asynccontextmanager
    async def lifespan(self) -> AsyncGenerator[None]:
        """Enter every app's lifespan in order; leave them in reverse, even when one fails to start or to stop.

        An app's end runs the same however the project ends. An error of the block or of a start is raised, and the
        errors of stops are then logged; without one, an error of a stop is raised, several as an `ExceptionGroup`.
        """
        started: list[tuple[AppConfig, AbstractAsyncContextManager[None]]] = []
        self.stopping = False
        try:
            for app in self.apps:
                started.append((app, await self._start(app)))
            self._raise_problems(missing=True)
            yield
        except BaseException as error:
            for app, stop_error in await _stop(started):
                logger.error("App %r failed to stop.", app.app_label, exc_info=stop_error)
                error.add_note(f"The app {app.app_label!r} failed to stop as well: {stop_error!r}")
            raise
        errors = [error for _, error in await _stop(started)]
        if len(errors) > 1:
            raise BaseExceptionGroup("Several apps failed to stop.", errors)
        if errors:
            raise errors[0]

    def _import_models(self) -> None:
        # Before any service or route: a model may be named by a string, and must be known when it is looked up.
        for _ in self.apps.modules("models"):
            pass

    def _provide_services(self) -> None:
        for _, module in self.apps.modules("services"):
            for value in list(vars(module).values()):
                if isinstance(value, type) and defined_in(value, module) and "__service__" in vars(value):
                    self.services.provide(value)

    def _make_ready(self) -> None:
        for app in self.apps:
            if inspect.iscoroutinefunction(app.ready):
                raise ImproperlyConfigured(
                    f"{name_of(type(app))}.ready ({where(app.ready)}) is async; wanted a plain function.",
                    hint="Provide services in ready(), and await in lifespan().",
                    code="apps.ready",
                )
            app.ready(self)

    def _replace_services(self) -> None:
        for path, replacement in self.settings.services.items():
            try:
                type_, made = cast("Any", import_object(path)), cast("Any", import_object(replacement))
                if isinstance(type_, type) and isinstance(made, type_):
                    self.services.value(type_, made)
                else:
                    self.services.provide(type_, made)
            except ImproperlyConfigured as error:
                message = f"settings.services[{path!r}]: {error.message}"
                raise ImproperlyConfigured(message, hint=error.hint, code="services.replacement") from None

    def _raise_problems(self, *, missing: bool) -> None:
        """Raise what keeps services from being built. What is missing may still be provided until all apps started."""
        problems = [error for error in self.services.problems() if missing or not isinstance(error, ServiceNotFound)]
        if len(problems) > 1:
            lines = "".join(f"\n- {error}" for error in problems)
            raise ImproperlyConfigured(f"{len(problems)} services cannot be built:{lines}", code="services.problems")
        if problems:
            raise problems[0]

    async def _start(self, app: AppConfig) -> AbstractAsyncContextManager[None]:
        context = cast("object", app.lifespan(self))
        if not isinstance(context, AbstractAsyncContextManager):
            if inspect.iscoroutine(context):
                context.close()
            raise ImproperlyConfigured(
                f"{name_of(type(app))}.lifespan ({where(app.lifespan)}) gives {type(context).__name__}; "
                "wanted an async context manager.",
                hint="Decorate it with @asynccontextmanager of contextlib, and `yield` once in it.",
                code="apps.lifespan",
            )
        opened = cast("AbstractAsyncContextManager[None]", context)
        await opened.__aenter__()
        return opened


async def _stop(
    started: list[tuple[AppConfig, AbstractAsyncContextManager[None]]],
) -> list[tuple[AppConfig, BaseException]]:
    """Leave the lifespans in reverse and return what they raised. No error keeps the next one from being left."""
    errors: list[tuple[AppConfig, BaseException]] = []
    for app, context in reversed(started):
        try:
            await context.__aexit__(None, None, None)
        except BaseException as error:
            error.add_note(f"While stopping the app {app.app_label!r}.")
            errors.append((app, error))
    return errors
