"""What the commands print."""

from collections.abc import Callable
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

import typer

from framework.migrations.history.graph import Step

if TYPE_CHECKING:
    from framework.migrations.executor.executor import Moment

__all__ = ["Printer", "relative", "sayer", "show_plan"]

LONG = 2.0
"""Seconds after which the time a migration took is worth a word."""
ENDS = {"done": "OK", "faked": "FAKED", "skipped": "done by another process"}


def sayer(verbosity: int) -> Callable[[str], None]:
    """Return what prints lines, or with `-v 0` does not."""

    def say(line: str) -> None:
        if verbosity:
            typer.echo(line)

    return say


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
    """Prints a line for every step, and news of long ones below it: Django's lines, with times where they matter."""

    def __init__(self, total: int, verbosity: int = 1) -> None:
        self.total = total
        self.verbosity = verbosity
        self.number = 0
        self.began = 0.0
        self.within = False

    def report(self, step: Step, moment: "Moment") -> None:
        """Begin or end the line of a step."""
        if self.verbosity < 1:
            return
        self.within = moment == "start"
        if moment == "start":
            self.number += 1
            self.began = monotonic()
            typer.echo(f"  {'Applying' if step.forward else 'Unapplying'} {step.migration}...", nl=False)
        elif moment == "failed":
            typer.echo()
        else:
            typer.echo(f" {ENDS[moment]}{self.time()}")

    def time(self) -> str:
        """Return how long the step took, and which of how many it was."""
        taken = monotonic() - self.began
        return f" ({taken:.3f}s, {self.number} of {self.total})" if self.verbosity > 1 or taken >= LONG else ""

    def tell(self, news: str) -> None:
        """Print news; the line of a step goes on after them."""
        if self.verbosity >= 1:
            typer.echo(f"\n    {news}" if self.within else f"  {news}", nl=not self.within)


def relative(path: Path) -> str:
    """Return a path from the current folder where it is below it."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
