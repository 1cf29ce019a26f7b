"""The help that lists every command, as Django prints it."""

import typer

from framework.errors import ImproperlyConfigured
from framework.management.catalogue import Catalogue
from framework.management.invocation import Invocation


def listing(catalogue: Catalogue, invocation: Invocation) -> str:
    """Return the commands by app, as `manage.py` alone prints them."""
    program = invocation.program
    lines = [
        f"Usage: {program} COMMAND [OPTIONS] [ARGS]...",
        "",
        f"Type '{program} help COMMAND' for help on one command.",
        "Every command takes --settings module:Class, --traceback, --no-color and -v 0|1|2|3.",
        "",
        "Available commands:",
    ]
    groups = catalogue.groups()
    width = max(len(entry.name) for entries in groups.values() for entry in entries)
    for group, entries in groups.items():
        lines += ["", typer.style(f"[{group}]", fg="red")]
        lines += [f"    {entry.name:{width}}  {entry.help}".rstrip() for entry in entries]
    notes = [*catalogue.problems, *key_problem(invocation)]
    lines += ["", *(typer.style(f"Note: {note}", fg="yellow") for note in notes)]
    return "\n".join(lines).rstrip()


def key_problem(invocation: Invocation) -> list[str]:
    """Return why the project will not be served with its secret key, in one line; nothing where that is not the matter.

    Settings that cannot be loaded have their own line already.
    """
    try:
        settings = invocation.settings
    except Exception:
        return []
    try:
        settings.require_secret_key()
    except ImproperlyConfigured as error:
        return [f"It will not be served: {error.message}"]
    return []
