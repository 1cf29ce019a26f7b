"""The commands of the app."""

from typing import Annotated

import typer

from framework import Inject
from framework_audit.services import AuditTrail

commands = typer.Typer()


@commands.command()
async def prune_audit(
    audit: Inject[AuditTrail],
    days: Annotated[int | None, typer.Option(help="Days to keep, instead of what the settings say.")] = None,
) -> None:
    """Forget old entries of the audit trail."""
    typer.echo(f"Forgot {await audit.prune(days)} entries.")
