"""The help that lists every command, as Django prints it."""

import typer

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
    lines += ["", *(typer.style(f"Note: {problem}", fg="yellow") for problem in catalogue.problems)]
    return "\n".join(lines).rstrip()
