"""`makemigrations`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.errors import CommandError
from framework.management import Invocation
from framework.migrations.commands.group import commands
from framework.migrations.commands.merge import merge_ends
from framework.migrations.commands.printer import relative, sayer
from framework.migrations.commands.update import update_last
from framework.migrations.history.project import Outline, Site, folders_of, graph_of, require_apps
from framework.services import Inject

if TYPE_CHECKING:
    from framework.migrations.autodetector.arrangement import NewMigration
    from framework.migrations.questions.answers import Answered


@commands.command()
def makemigrations(
    invocation: Inject[Invocation],
    labels: Annotated[list[str] | None, typer.Argument(metavar="[APP]...", help="Only these apps.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what would be written; with -v 3 the files.")
    ] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if migrations are missing; write none.")] = False,
    empty: Annotated[bool, typer.Option("--empty", help="Write a migration to fill in by hand.")] = False,
    merge: Annotated[bool, typer.Option("--merge", help="Merge the branches of a history.")] = False,
    update: Annotated[bool, typer.Option("--update", help="Write the changes into the last migration.")] = False,
    noinput: Annotated[bool, typer.Option("--noinput", "--no-input", help="Ask no questions.")] = False,
    name: Annotated[str | None, typer.Option("--name", "-n", help="Name of the new migration.")] = None,
    safe: Annotated[
        bool, typer.Option("--safe", help="Write steps that are safe while the database is in use.")
    ] = False,
    renames: Annotated[
        list[str] | None,
        typer.Option(
            "--rename", metavar="OLD:NEW", help="What was renamed: blog.Post.title:headline, or blog.Post:Article."
        ),
    ] = None,
    answers: Annotated[
        Path | None, typer.Option("--answers", metavar="FILE", help="Answers to questions, as TOML or JSON.")
    ] = None,
) -> None:
    """Write the migrations that bring the database up to the models. Needs no database."""
    from framework.migrations.makemigrations import planner
    from framework.migrations.writer.files import render

    named = labels or []
    say = sayer(invocation.verbosity)
    project = Outline.of(invocation.settings)
    require_apps(project, named, exit_code=2)
    if name is not None and not name.isidentifier():
        raise CommandError("The migration name must be a valid Python identifier.", code="migrations.name")
    if merge:
        merge_ends(project, named, name, quiet=noinput, dry_run=dry_run, verbosity=invocation.verbosity)
        return
    if empty:
        graph = graph_of(project)
        graph.require_single_ends()
        plan = planner.Plan([planner.empty(graph, label, name) for label in require_labels(named)], [])
    else:
        questioner = questioner_for(answers, renames or [], quiet=noinput, check=check, safe=safe)
        plan = planner.plan(project, named, questioner, safe)
        questioner.require_used()
    for label in plan.foreign:
        say(f"App {label!r} is an installed package whose models are ahead of its migrations; left alone.")
    if not plan.migrations:
        say(nothing(named))
        return
    if update and not empty:
        update_last(invocation, project, plan.migrations, name, dry_run=dry_run or check)
        raise typer.Exit(1 if check else 0)
    if name is not None and not empty:
        rename(plan.migrations, name)
    left = left_unsafe(project, plan.migrations) if safe else []
    for app in dict.fromkeys(migration.app for migration in plan.migrations):
        say(f"Migrations for '{app}':")
        for migration in (item for item in plan.migrations if item.app == app):
            path = folders_of(project)[app] / f"{migration.name}.py"
            if not dry_run and not check:
                path = planner.save(project, migration)
            say(f"  {relative(path)}")
            for change in migration.changes:
                say(f"    {change.symbol} {change.text}")
            if dry_run and invocation.verbosity >= 3:
                say(f"Full migrations file '{migration.name}.py':\n{render(migration)}")
    for line in left:
        say(line)
    if check:
        raise typer.Exit(1)


def questioner_for(answers: Path | None, renames: list[str], *, quiet: bool, check: bool, safe: bool) -> "Answered":
    """Return who answers: first what was told, then a person, or with `--noinput` the safe answers."""
    from framework.migrations.autodetector.questioner import Anything, InSteps, Questioner
    from framework.migrations.questions.answers import Answered, Answers
    from framework.migrations.questions.prompter import Prompter

    told = Answers() if answers is None else Answers.read(answers)
    told.add_renames(renames)
    if check:
        return Answered(told, Anything())
    if quiet:
        return Answered(told, InSteps() if safe else Questioner())
    return Answered(told, Prompter(sys.stdin, sys.stdout))


def left_unsafe(project: Site, migrations: "list[NewMigration]") -> list[str]:
    """Return lines on what no order of steps makes safe, and what to do; the files must not be written yet."""
    from framework.migrations.safety.gate import judge_new

    found = judge_new(graph_of(project), migrations)
    return [f"Left to you: {item.text}\n  {item.hint}  [{item.rule.code}]" for item in found]


def require_labels(labels: list[str]) -> list[str]:
    """Raise Django's error for `--empty` without apps."""
    if not labels:
        raise CommandError("You must supply at least one app label when using --empty.", code="migrations.empty")
    return labels


def rename(migrations: list["NewMigration"], name: str) -> None:
    """Give new migrations the name a person wants; what refers to them follows."""
    from framework.migrations.autodetector.arrangement import rename

    for migration in migrations:
        rename(migrations, migration, f"{migration.name[:4]}_{name}")


def nothing(labels: list[str]) -> str:
    """Return what Django says when there is nothing to write."""
    if len(labels) == 1:
        return f"No changes detected in app '{labels[0]}'"
    if labels:
        return f"No changes detected in apps '{"', '".join(labels)}'"
    return "No changes detected"
