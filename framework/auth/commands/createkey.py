"""`createkey`."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from framework.auth.commands.group import commands
from framework.auth.settings import AuthSettings
from framework.conf import Settings
from framework.errors import CommandError
from framework.services import Inject

FOLDER = "keys"


@commands.command()
def createkey(
    settings: Inject[Settings],
    file: Annotated[
        str | None, typer.Argument(help="Where to write it, seen from the project's folder; - writes to the output.")
    ] = None,
    algorithm: Annotated[Literal["EdDSA", "RS256"], typer.Option(help="What it is to sign by.")] = "EdDSA",
) -> None:
    """Make a key that signs access tokens, for programs that verify them without knowing a secret."""
    from framework.auth.signing.pem import new_pem  # not above: `cryptography` is an extra

    pem = new_pem(algorithm)
    if file == "-":
        typer.echo(pem.decode(), nl=False)
        return
    name = file or f"{FOLDER}/{datetime.now(UTC):%Y-%m-%d}.pem"
    write(settings.root / name, pem)
    before = [key.get_secret_value() for key in settings.section(AuthSettings).tokens.keys]
    shown = ", ".join(f'"{key if not key.lstrip().startswith("-----") else "…"}"' for key in [name, *before])
    typer.echo(f"Wrote a key for {algorithm} to {name}. Keep it out of version control, and give it to no one.")
    typer.echo("To sign with it:")
    typer.echo(f"    AUTH__TOKENS__ALGORITHM={algorithm}")
    typer.echo(f"    AUTH__TOKENS__KEYS='[{shown}]'")
    if before:
        typer.echo("Take the keys after it out when the last of their tokens has expired.")


def write(path: Path, pem: bytes) -> None:
    """Write a key that only its owner can read; never over another."""
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True, mode=0o700)
            (path.parent / ".gitignore").write_text("*\n")
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise CommandError(
            f"{path} exists already.",
            hint="Name another file: tokens of a key that is overwritten are good for nothing.",
            code="auth.signing-key",
        ) from None
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.", code="auth.signing-key") from None
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(pem)
