"""`migrate`."""

from typing import TYPE_CHECKING, Annotated

import typer

from framework.errors import CommandError
from framework.migrations.commands.group import commands
from framework.migrations.graph import Graph, Migration, Step
from framework.migrations.places import require_apps
from framework.project import Project
from framework.services import Inject

if TYPE_CHECKING:
    from framework.migrations.executor import Executor, Moment


@commands.command()
async def migrate(
    project: Inject[Project],
    app: Annotated[str | None, typer.Argument(help="Only this app, and what it needs.")] = None,
    name: Annotated[str | None, typer.Argument(help="Go to this migration, on or back; 'zero' takes all back.")] = None,
    plan: Annotated[bool, typer.Option("--plan", help="Show what would be done.")] = False,
    fake: Annotated[bool, typer.Option("--fake", help="Note migrations as applied without running them.")] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Exit with 1 if migrations are not applied; do nothing.")
    ] = False,
    safe_only: Annotated[
        bool, typer.Option("--safe-only", help="Refuse steps that a running system does not bear.")
    ] = False,
    drift: Annotated[
        bool, typer.Option("--drift", help="Compare models, files and database; exit with 1 if they differ.")
    ] = False,
    noinput: Annotated[bool, typer.Option("--noinput", "--no-input", help="Ask nothing.")] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Exit with 75 while another process migrates this database.")
    ] = False,
) -> None:
    """Apply migrations, or take them back."""
    from framework.migrations.migrating import executor_of

    if app is not None:
        require_apps(project, [app])
    if drift:
        raise typer.Exit(await show_drift(project))
    async with executor_of(project) as executor:
        graph = executor.graph
        graph.require_single_ends()
        applied = await executor.applied()
        steps, target = choose(graph, applied, app, name)
        if plan:
            show_plan(steps)
        if check or plan:
            raise typer.Exit(1 if check and steps else 0)
        if safe_only and not fake:
            refuse_unsafe(executor, applied, steps)
        typer.echo("Operations to perform:")
        typer.echo(f"  {target}")
        typer.echo("Running migrations:")
        if not steps:
            typer.echo("  No migrations to apply.")
            for revision in await executor.unfinished():
                typer.echo(
                    f"  {revision} broke off on its way back; go on with the same 'manage.py migrate' as before."
                )
            tell_of_changes(project)
        printer = Printer(fake)
        await executor.run(steps, fake=fake, wait=not no_wait, report=printer.report, tell=printer.tell)


def refuse_unsafe(executor: "Executor", applied: set[str], steps: list[Step]) -> None:
    """Raise when a step is unsafe that no file accepts; print the warnings there are."""
    from framework.migrations.safety.gate import require_safe

    for message in require_safe(executor.graph, applied, steps, executor.engine.dialect.name):
        typer.echo(f"{message.text} {message.hint}  [{message.code}]", err=True)


async def show_drift(project: Project) -> int:
    """Print who is ahead of whom; return the exit code."""
    from framework.migrations.commands.drift import show
    from framework.migrations.drift import drift_of

    found = await drift_of(project)
    show(found)
    return 1 if found else 0


def choose(graph: Graph, applied: set[str], app: str | None, name: str | None) -> tuple[list[Step], str]:
    """Return the steps to make, and Django's line about where they lead."""
    if app is None:
        apps = ", ".join(label for label in graph.apps if graph.of(label)) or "(none)"
        return graph.forwards(graph.order, applied), f"Apply all migrations: {apps}"
    if not graph.of(app):
        raise CommandError(f"App {app!r} does not have migrations.", code="migrations.none")
    if name is None:
        leaves = [leaf.revision for leaf in graph.leaves(app)]
        return graph.forwards(leaves, applied), f"Apply all migrations: {app}"
    if name == "zero":
        return graph.to_zero(app, applied), f"Unapply all migrations: {app}"
    target = find(graph, app, name)
    line = f"Target specific migration: {target.name}, from {app}"
    if target.revision not in applied:
        return graph.forwards([target.revision], applied), line
    # What other apps built on later migrations of this one goes with them; what they built on this one stays.
    later = [node.revision for node in graph.of(app) if target.revision in node.parents]
    doomed = {revision for item in later for revision in (item, *graph.descendants(item))} & applied
    return [Step(graph.nodes[item], forward=False) for item in reversed(graph.order) if item in doomed], line


def find(graph: Graph, app: str, prefix: str) -> Migration:
    """Return the migration of an app whose name starts with `prefix`, or raise Django's error."""
    matches = [node for node in graph.of(app) if node.name.startswith(prefix) or node.revision == prefix]
    exact = [node for node in matches if prefix in (node.name, node.revision)]
    if len(exact or matches) == 1:
        return (exact or matches)[0]
    if matches:
        raise CommandError(
            f"More than one migration matches '{prefix}' in app '{app}'. Please be more specific.",
            code="migrations.ambiguous",
        )
    raise CommandError(f"Cannot find a migration matching '{prefix}' from app '{app}'.", code="migrations.unknown")


def show_plan(steps: list[Step]) -> None:
    """Print what would be done, as Django does."""
    typer.echo("Planned operations:")
    if not steps:
        typer.echo("  No planned migration operations.")
    for step in steps:
        typer.echo(str(step.migration))
        for line in step.migration.docstring.splitlines():
            text = line.strip().rstrip(".")
            typer.echo(f"    {text if step.forward else f'Undo {text}'}")


class Printer:
    """Prints a line for every step, and news of long ones below it."""

    def __init__(self, fake: bool) -> None:
        self.fake = fake
        self.within = False

    def report(self, step: Step, moment: "Moment") -> None:
        """Begin or end the line of a step."""
        self.within = moment == "start"
        if moment == "start":
            typer.echo(f"  {'Applying' if step.forward else 'Unapplying'} {step.migration}...", nl=False)
        elif moment == "failed":
            typer.echo()
        else:
            typer.echo(" FAKED" if self.fake else " OK")

    def tell(self, news: str) -> None:
        """Print news; the line of a step goes on after them."""
        typer.echo(f"\n    {news}" if self.within else f"  {news}", nl=not self.within)


def tell_of_changes(project: Project) -> None:
    """Say, as Django does, that models have changed since the last migration."""
    from framework.migrations.making import apps_with_changes

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
