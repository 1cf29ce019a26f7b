"""`check`."""

import json as json_
from enum import StrEnum
from typing import Annotated

import typer

from framework import checks
from framework.checks import Level, Message
from framework.errors import CommandError
from framework.management.findings import report
from framework.management.invocation import Invocation
from framework.services import Inject

commands = typer.Typer()


class FailLevel(StrEnum):
    """The levels that `--fail-level` takes."""

    CRITICAL = "CRITICAL"
    ERROR = "ERROR"
    WARNING = "WARNING"
    INFO = "INFO"
    DEBUG = "DEBUG"


@commands.command()
def check(
    invocation: Inject[Invocation],
    tag: Annotated[
        list[str] | None, typer.Option("--tag", "-t", help="Run only checks with this tag. Repeatable.")
    ] = None,
    list_tags: Annotated[bool, typer.Option("--list-tags", help="Print the tags there are.")] = False,
    deploy: Annotated[bool, typer.Option("--deploy", help="Check what matters in production, too.")] = False,
    fail_level: Annotated[
        FailLevel, typer.Option(case_sensitive=False, help="Exit with an error from this level on.")
    ] = FailLevel.ERROR,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
) -> None:
    """Check the whole project for mistakes."""
    project = invocation.project
    known = checks.tags(project, deploy=True)
    if list_tags:
        for name in checks.tags(project, deploy=deploy):
            typer.echo(name)
        return
    for name in tag or ():
        if name not in known:
            raise CommandError(
                f'There is no system check with the "{name}" tag.',
                hint=f"There are: {', '.join(known)}." if known else None,
                code="check.tag",
            )
    found = list(checks.run(project, tags=tuple(tag or ()), deploy=deploy))
    if not tag:
        # Only a full check loads what it takes to serve.
        from framework.web.checks import check_application

        found += check_application(project)
    messages = [message for message in found if not checks.is_silenced(project, message)]
    failed = any(message.level >= Level[fail_level] for message in messages)
    if json:
        typer.echo(json_.dumps([as_json(message) for message in messages], indent=2))
    else:
        text = report(messages, silenced=len(found) - len(messages))
        typer.echo(f"SystemCheckError: {text}" if failed else text, err=bool(messages), color=invocation.color)
    if failed:
        raise typer.Exit(1)


def as_json(message: Message) -> dict[str, str | None]:
    """Return a message as JSON shows it."""
    return {
        "level": message.level.name,
        "code": message.code,
        "message": message.text,
        "hint": message.hint,
        "where": message.where,
    }
