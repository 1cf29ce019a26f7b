"""Asks a person, with Django's words."""

from collections.abc import Sequence
from typing import Any, TextIO

from framework.errors import CommandError
from framework.migrations.autodetector.questioner import IN_STEPS, LEAVE, Questioner
from framework.migrations.autodetector.types import named
from framework.migrations.questions.values import NAMES, Unreadable, evaluate
from framework.migrations.schema.table import Column, Table

__all__ = ["GO_AHEAD", "Prompter"]

WAY_OUT = "Answer beforehand with --rename or --answers FILE, or take the safe answers with --noinput."
GO_AHEAD = "With --noinput it goes ahead without a question."


class Prompter(Questioner):
    """Asks on one stream and reads the answers from another."""

    def __init__(self, answers: TextIO, questions: TextIO, way_out: str = WAY_OUT) -> None:
        self.answers = answers
        self.questions = questions
        self.way_out = way_out

    def renamed_column(self, table: Table, old: Column, new: Column) -> bool:
        """Ask Django's question; where the type differs too, say so."""
        model = table.label.lower()
        known, what = "", one(new)
        if old.type != new.type:
            known, what = f" ({one(old)})", f"{what}, to which its values are converted"
        return self.agrees(f"Was {model}.{old.name}{known} renamed to {model}.{new.name} ({what})?")

    def renamed_table(self, old: Table, new: Table) -> bool:
        """Ask Django's question."""
        name = new.label if old.app == new.app else f"{new.app}.{new.label}"
        return self.agrees(f"Was the model {old.app}.{old.label} renamed to {name}?")

    def value_for_existing_rows(self, table: Table, column: Column) -> Any:
        """Offer a value, three steps, or the end."""
        self.say(
            f"It is impossible to add a non-nullable field '{column.name}' to {table.label.lower()} without specifying "
            "a default. This is because the database needs something to populate existing rows."
        )
        chosen = self.choose(
            "Provide a one-off default now (will be set on all existing rows)",
            "Quit and manually define a default value in models.py",
            "Write three migrations: add the field nullable, fill it in data(), which you complete, and forbid NULL",
        )
        if chosen == 2:
            raise self.quit()
        return self.value(column) if chosen == 1 else IN_STEPS

    def value_for_nulls(self, table: Table, column: Column) -> Any:
        """Offer a value, to leave them, or the end."""
        self.say(
            f"It is impossible to change a nullable field '{column.name}' on {table.label.lower()} to non-nullable "
            "without providing a default. This is because the database needs something to populate existing rows."
        )
        chosen = self.choose(
            "Provide a one-off default now (will be set on all existing rows with a null value for this column)",
            "Ignore for now. Existing rows that contain NULL values will have to be handled manually; until then the "
            "migration fails",
            "Quit and manually define a default value in models.py",
        )
        if chosen == 3:
            raise self.quit()
        return self.value(column) if chosen == 1 else LEAVE

    def narrowed(self, table: Table, old: Column, new: Column, loss: str) -> bool:
        """Ask whether that is known."""
        self.say(f"{table.label.lower()}.{new.name}: {loss}.")
        return self.agrees("Do all rows fit, or may the rest be lost?")

    def renamed_member(self, table: Table, column: Column, old: str, new: str) -> bool:
        """Ask about one pair."""
        return self.agrees(f"Was the member {old!r} of {table.label.lower()}.{column.name} renamed to {new!r}?")

    def removed_member(self, table: Table, column: Column, member: str, members: Sequence[str]) -> str | None:
        """Offer the members that are left, or to be sure that no row needs one."""
        self.say(f"The member {member!r} of {table.label.lower()}.{column.name} is gone, and rows may hold it.")
        chosen = self.choose(
            "No row holds it; if one does, the migration fails",
            *(f"Rows that hold it get {item!r}" for item in members),
            "Quit",
        )
        if chosen == len(members) + 2:
            raise self.quit()
        return None if chosen == 1 else members[chosen - 2]

    def value(self, column: Column) -> Any:
        """Ask for a value of the column's type until there is one."""
        self.say("Please enter the default value as valid Python.")
        self.say(f"It is {named(column.sa_type)}; you can use {NAMES}, for instance timezone.now().")
        self.say("Type 'exit' to exit this prompt")
        while True:
            text = self.ask(">>> ")
            if text in ("exit", "exit()", "quit"):
                raise self.quit()
            try:
                return evaluate(text, column)
            except Unreadable as error:
                self.say(f"Invalid input: {error}")

    def agrees(self, question: str) -> bool:
        """Ask for yes or no; no answer is no."""
        answer = self.ask(f"{question} [y/N] ").lower()
        while answer not in ("", "y", "yes", "n", "no"):
            answer = self.ask("Please answer yes or no: ").lower()
        return answer.startswith("y")

    def choose(self, *options: str) -> int:
        """Ask for one of several, by its number."""
        self.say("Please select a fix:")
        for number, option in enumerate(options, 1):
            self.say(f" {number}) {option}")
        answer = self.ask("Select an option: ")
        while not (answer.isdecimal() and 1 <= int(answer) <= len(options)):
            answer = self.ask("Please select a valid option: ")
        return int(answer)

    def ask(self, prompt: str) -> str:
        """Return one line of the answers. Raises `CommandError` when there are no more."""
        self.questions.write(prompt)
        self.questions.flush()
        line = self.answers.readline()
        if not line:
            self.say("")
            raise CommandError(
                "There was a question and nobody to answer it. Nothing was written.",
                hint=self.way_out,
                code="migrations.unanswered",
                exit_code=3,
            )
        return line.strip()

    def say(self, text: str) -> None:
        """Write a line."""
        self.questions.write(f"{text}\n")

    def quit(self) -> CommandError:
        """Return what ends it."""
        return CommandError("Quit; nothing was written.", code="migrations.unanswered", exit_code=3)


def one(column: Column) -> str:
    """Return a column's type with its article."""
    name = named(column.sa_type)
    return f"{'an' if name[0] in 'AEIO' else 'a'} {name}"
