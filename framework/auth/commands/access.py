"""`access`."""

import json as json_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from framework.auth.access.matrix import Matrix, changes, read_matrix, write_matrix
from framework.auth.commands.group import commands
from framework.errors import CommandError
from framework.project import Project
from framework.services import Inject

if TYPE_CHECKING:
    from framework.web import Route

__all__ = ["access"]

LOCK = "access.lock"


@commands.command()
def access(
    project: Inject[Project],
    file: Annotated[
        Path | None, typer.Argument(help=f"The file of --lock and --check; {LOCK} in the project's folder by default.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print a JSON array.")] = False,
    lock: Annotated[bool, typer.Option("--lock", help="Write who may call what to the file.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Fail when the file says otherwise, and name what.")] = False,
) -> None:
    """Show who may call each route, and keep it in a file whose changes can be reviewed."""
    from framework.web import routes  # FastAPI, only where routes are asked for

    found = sorted(routes(project), key=lambda route: (route.path, route.methods))
    matrix = {f"{method} {route.path}": route.access for route in found for method in route.methods}
    path = file or project.settings.root / LOCK
    if lock and check:
        raise CommandError("Either --lock writes the file, or --check reads it.", code="auth.lock")
    if lock:
        write_matrix(path, matrix)
        typer.echo(f"Wrote who may call {len(matrix)} routes to {path}.")
    elif check:
        compare(path, matrix)
    elif json:
        typer.echo(json_.dumps([as_json(route) for route in found], indent=2))
    else:
        show(found)


def compare(path: Path, matrix: Matrix) -> None:
    """Name what the file says otherwise, first where somebody gained access, and exit with 1 if anything."""
    found = changes(read_matrix(path), matrix)
    if not found:
        typer.echo(f"{path.name} is up to date.")
        return
    gained = [change for change in found if change.gains]
    for head, some in (("Gained access", gained), ("Lost access", found[len(gained) :])):
        if some:
            typer.echo(f"{head}:", err=True)
        for change in some:
            typer.echo(f"  {change}", err=True)
    raise CommandError(
        f"{path.name} does not say who may call the routes.",
        hint="Read the changes above; if they are meant: python manage.py access --lock",
        code="auth.lock",
    )


def show(found: "list[Route]") -> None:
    """Print the routes by rule: first those of which nobody said anything, then the open ones."""
    by_rule: dict[str, list[Route]] = {}
    for route in sorted(found, key=lambda route: (bool(route.rules), not is_open(route), route.access)):
        by_rule.setdefault(route.access, []).append(route)
    width = max((len(",".join(route.methods)) for route in found), default=0)
    for rule, routes in by_rule.items():
        typer.echo(rule or "No rule")
        for route in routes:
            typer.echo(f"  {','.join(route.methods):{width}}  {route.path}  ({route.name})")
    if not found:
        typer.echo("No installed app has routes.")


def is_open(route: "Route") -> bool:
    return all(rule.is_open for rule in route.rules)


def as_json(route: "Route") -> dict[str, object]:
    """Return a route as JSON shows it."""
    return {
        "methods": list(route.methods),
        "path": route.path,
        "name": route.name,
        "app": route.app,
        "rules": [str(rule) for rule in route.rules],
        "open": is_open(route),
        "where": route.where,
    }
