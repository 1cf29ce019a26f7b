"""`migrate`."""

from collections.abc import Awaitable
from typing import TYPE_CHECKING, Annotated

import typer

from framework.apps import AppConfig, Apps
from framework.errors import ImproperlyConfigured
from framework.management import Invocation
from framework.migrations.commands.group import commands
from framework.migrations.commands.printer import Printer, show_plan
from framework.migrations.history.graph import Step
from framework.migrations.history.project import Outline, require_apps
from framework.migrations.history.targets import choose
from framework.migrations.recorder.status import Status, look
from framework.project import Project
from framework.services import Inject

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from framework.migrations.executor.executor import Executor


@commands.command()
def migrate(
    invocation: Inject[Invocation],
    app: Annotated[str | None, typer.Argument(help="Only this app, and what it needs.")] = None,
    name: Annotated[
        str | None, typer.Argument(help="Go to this migration, forwards or backwards; 'zero' unapplies all.")
    ] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Show what would be done.")] = False,
    fake: Annotated[bool, typer.Option("--fake", help="Mark migrations as applied without running them.")] = False,
    fake_initial: Annotated[
        bool, typer.Option("--fake-initial", help="Mark an app's first migration as applied if all it creates exists.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 if there are unapplied migrations; apply none.")
    ] = False,
    safe_only: Annotated[
        bool, typer.Option("--safe-only", help="Refuse steps that are unsafe while the database is in use.")
    ] = False,
    drift: Annotated[
        bool, typer.Option("--drift", help="Compare models, files and database; exit with 1 if they differ.")
    ] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Forget the app's migrations that no longer have a file.")
    ] = False,
    noinput: Annotated[bool, typer.Option("--noinput", "--no-input", help="Ask no questions.")] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Don't wait while another process migrates this database: exit with 75.")
    ] = False,
) -> Awaitable[None] | None:
    """Apply migrations, or unapply them."""
    outline = Outline.of(invocation.settings)
    if app is not None:
        require_apps(outline, [app])
    warn_of_secret_key(invocation)
    if drift:
        return show_drift(invocation.project)
    # Files' headers and rows tell what there is to do; the project is loaded only for those who ask for it.
    seen = look(invocation, outline)
    seen.graph.require_single_ends()
    if prune:
        from framework.migrations.commands.prune import prune as forget

        return forget(invocation, seen, app)
    steps, target = choose(seen.graph, seen.applied, app, name)
    if plan:
        show_plan(steps)
        if safe_only and not check:
            refuse_unsafe(seen, steps)
    if check or plan:
        raise typer.Exit(1 if check and steps else 0)
    awaited = is_awaited(outline.apps)
    if steps and (awaited or any(step.migration.works_on_rows for step in steps)):
        assert invocation.project  # work on rows may use the code of apps, and that a loaded project
    if safe_only and not fake:
        refuse_unsafe(seen, steps)
    if invocation.verbosity:
        typer.echo(f"Operations to perform:\n  {target}\nRunning migrations:")
    if not steps:
        say_nothing_to_do(invocation, seen)
        # What squashed migrations replace, and what Alembic noted, becomes rows without any step.
        if not seen.unsaid and not awaited:
            return None
        return settle(invocation, seen, awaited=awaited, wait=not no_wait)
    return carry_out(
        invocation,
        seen,
        steps,
        awaited=awaited,
        fake=fake,
        fake_initial=fake_initial,
        wait=not no_wait,
    )


def warn_of_secret_key(invocation: Invocation) -> None:
    """Say that the project would not be served as it is; migrating needs no key and goes on."""
    try:
        invocation.settings.require_secret_key()
    except ImproperlyConfigured as error:
        typer.echo(f"WARNING: {error}", err=True)


def say_nothing_to_do(invocation: Invocation, seen: Status) -> None:
    """Say so, and what broke off; with `-v 2` the models are loaded, to say whether they have changed."""
    if not invocation.verbosity:
        return
    typer.echo("  No migrations to apply.")
    for revision in seen.rows.unfinished:
        way = "while it was unapplied" if revision in seen.applied else "while it was applied"
        typer.echo(f"  {revision} was interrupted {way}; continue with the same 'manage.py migrate' as before.")
    if invocation.verbosity > 1:
        tell_of_changes(invocation.project)


def is_awaited(apps: Apps) -> bool:
    """Tell whether an app has something to do after `migrate`, so that the project must be loaded for it."""
    return any(type(app).migrated is not AppConfig.migrated for app in apps)


async def settle(invocation: Invocation, seen: Status, *, awaited: bool, wait: bool) -> None:
    """Write the rows that are missing, of migrations and of apps."""
    if seen.unsaid:
        async with executor_for(invocation, seen) as executor:
            await executor.settle(wait=wait, tell=Printer(0, invocation.verbosity).tell)
    if awaited:
        await conclude(invocation)


async def conclude(invocation: Invocation) -> None:
    """Let the apps bring their rows up to date, and print what they have to say."""
    from framework.migrations.executor.project import tell_apps

    for line in await tell_apps(invocation.project):
        typer.echo(line)


async def carry_out(
    invocation: Invocation,
    seen: Status,
    steps: list[Step],
    *,
    awaited: bool,
    fake: bool,
    fake_initial: bool,
    wait: bool,
) -> None:
    """Make the steps."""
    async with executor_for(invocation, seen) as executor:
        printer = Printer(len(steps), invocation.verbosity)
        await executor.run(
            steps, fake=fake, fake_initial=fake_initial, wait=wait, report=printer.report, tell=printer.tell
        )
    if awaited:
        await conclude(invocation)


def executor_for(invocation: Invocation, seen: Status) -> "AbstractAsyncContextManager[Executor]":
    """Open what runs migrations, without loading the project."""
    from framework.migrations.executor.project import executor_at

    return executor_at(seen.url, invocation.settings, seen.graph)


def refuse_unsafe(seen: Status, steps: list[Step]) -> None:
    """Raise when a step is unsafe that no file accepts; print the warnings there are."""
    if not steps:
        return
    from framework.migrations.safety.gate import require_safe

    for message in require_safe(seen.graph, seen.applied, steps, seen.url.backend):
        typer.echo(f"{message.text} {message.hint}  [{message.code}]", err=True)


async def show_drift(project: Project) -> None:
    """Print who is ahead of whom, and leave with 1 when somebody is."""
    from framework.migrations.commands.drift import show
    from framework.migrations.drift import drift_of

    found = await drift_of(project)
    show(found)
    raise typer.Exit(1 if found else 0)


def tell_of_changes(project: Project) -> None:
    """Say, as Django does, that models have changed since the last migration."""
    from framework.migrations.makemigrations.planner import apps_with_changes

    if labels := apps_with_changes(project):
        listed = ", ".join(map(repr, labels))
        typer.echo(
            f"  Your models in app(s): {listed} have changes that are not yet reflected in a migration, "
            "and so won't be applied."
        )
        typer.echo(
            "  Run 'manage.py makemigrations' to make new migrations, and then re-run 'manage.py migrate' to "
            "apply them."
        )
