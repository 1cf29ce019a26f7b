"""What the checks found, as Django prints it."""

from collections.abc import Sequence

import typer

from framework.checks import Level, Message

HEADINGS = (
    (Level.CRITICAL, "CRITICALS"),
    (Level.ERROR, "ERRORS"),
    (Level.WARNING, "WARNINGS"),
    (Level.INFO, "INFOS"),
    (Level.DEBUG, "DEBUGS"),
)
COLORS = {Level.CRITICAL: "red", Level.ERROR: "red", Level.WARNING: "yellow"}


def report(messages: Sequence[Message], *, silenced: int = 0) -> str:
    """Return the messages grouped by level, the worst first, and how many there are."""
    count = f"{len(messages)} issue{'' if len(messages) == 1 else 's'}" if messages else "no issues"
    last = f"System check identified {count} ({silenced} silenced)."
    if not messages:
        return last
    lines = ["System check identified some issues:", ""]
    for level, heading in HEADINGS:
        if group := [message for message in messages if message.level == level]:
            lines += [f"{heading}:", *(typer.style(line(message), fg=COLORS.get(level)) for message in group), ""]
    return "\n".join([*lines, last])


def line(message: Message) -> str:
    """Return one message, with its hint below."""
    code = f"({message.code}) " if message.code else ""
    hint = f"\n\tHINT: {message.hint}" if message.hint else ""
    return f"{message.where or '?'}: {code}{message.text}{hint}"
