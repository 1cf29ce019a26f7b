"""Rules about PostgreSQL's enum types."""

from collections.abc import Iterator

import sqlalchemy as sa

from framework.migrations.safety.rule import POSTGRESQL, Case, Rule, quoted

__all__ = ["RULES"]


def members(type_: object, native: bool = False) -> list[str] | None:
    """Return the members of an enum, or `None` for another type; with `native` of one that is a type of its own."""
    if not isinstance(type_, sa.Enum) or (native and not type_.native_enum):
        return None
    return list(type_.enums)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # untyped there


def removed(case: Case) -> Iterator[str]:
    old, new = case.column, case.result
    if old is None or new is None:
        return
    before, after = members(old.sa_type), members(new.sa_type)
    if before is not None and after is not None and (gone := [item for item in before if item not in after]):
        yield f"removes {quoted(gone)} from the enum of column {old.name!r}"


def changed(case: Case) -> Iterator[str]:
    old, new = case.column, case.result
    if old is None or new is None or not case.atomic:
        return
    before, after = members(old.sa_type, native=True), members(new.sa_type, native=True)
    if before is not None and after is not None and set(after) - set(before):
        yield f"adds {quoted(item for item in after if item not in before)} to the enum of column {old.name!r}"


RULES = (
    Rule(
        "enum-in-transaction",
        "An enum gains members inside a transaction",
        "The new member cannot be used before the transaction ends, and PostgreSQL before 12 refuses it there.",
        (
            "Add the member in a migration of its own that says `transactional = False`.",
            "Use it in later migrations only.",
        ),
        changed,
        POSTGRESQL,
    ),
    Rule(
        "enum-member-removed",
        "An enum loses members",
        "The running release may still write them, and fail. PostgreSQL cannot take a member away: the type is made "
        "anew, and with it every table that uses it, while nobody can read them.",
        (
            "Deploy a release that writes the member no more.",
            "Change the rows that hold it, in batches, in a migration with data().",
            "Leave the member in the type, or remove it in a migration of the release after.",
        ),
        removed,
    ),
)
