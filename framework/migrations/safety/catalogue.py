"""Every rule, and the page of the documentation that lists them."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from framework.migrations.safety import (
    additions,
    columns,
    constraints,
    enums,
    indexes,
    sqlite,
    tables,
    transactions,
)
from framework.migrations.safety.rule import Rule

__all__ = ["RULES", "page"]

SECTIONS: Mapping[str, tuple[Rule, ...]] = MappingProxyType(
    {
        "New columns": additions.RULES,
        "Columns in use": columns.RULES,
        "Tables": tables.RULES,
        "Indexes": indexes.RULES,
        "Constraints": constraints.RULES,
        "Enums": enums.RULES,
        "Transactions": transactions.RULES,
        "SQLite": sqlite.RULES,
    }
)
RULES: Mapping[str, Rule] = MappingProxyType({rule.id: rule for section in SECTIONS.values() for rule in section})
"""The rules by their ids."""


def page() -> str:
    """Return the part of docs/reference/migration-safety.md that follows from the rules."""
    return "\n\n".join(paragraphs()) + "\n"


def paragraphs() -> Iterator[str]:
    yield "| id | unsafe | on |\n|---|---|---|\n" + "\n".join(
        f"| [`{rule.id}`](#{rule.id}) | {rule.title}. | {databases(rule)} |" for rule in RULES.values()
    )
    for title, rules in SECTIONS.items():
        yield f"## {title}"
        for rule in rules:
            yield f"### {rule.id}"
            yield f"{rule.title} ({databases(rule)}). {rule.breaks}"
            yield "\n".join(f"{number}. {step}" for number, step in enumerate(rule.steps, 1))


def databases(rule: Rule) -> str:
    names = {"postgresql": "PostgreSQL", "sqlite": "SQLite"}
    return ", ".join(names[dialect] for dialect in sorted(rule.dialects))


if __name__ == "__main__":
    print(page(), end="")
