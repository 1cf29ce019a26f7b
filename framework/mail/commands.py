"""`sendtestmail`."""

from typing import Annotated

import typer

from framework.errors import CommandError, FrameworkError
from framework.mail import Mailer, Message
from framework.services import Inject

commands = typer.Typer()

Addresses = Annotated[list[str], typer.Argument(metavar="ADDRESS…", help="Whom to send it to.")]


@commands.command()
async def sendtestmail(addresses: Addresses, mailer: Inject[Mailer]) -> None:
    """Send a mail the way the project does, and wait for the answer."""
    message = Message(
        to=addresses,
        subject="A mail to try the settings",
        text="If you read this, mails of the project arrive.\n",
    )
    try:
        await mailer.send(message)
    except FrameworkError as error:
        cause = f" ({error.__cause__})" if error.__cause__ else ""
        raise CommandError(error.message + cause, hint=error.hint, code=error.code) from error
    typer.echo(f"Handed a mail from {mailer.sender} to {type(mailer).__name__}.")
