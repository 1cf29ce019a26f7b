"""Rules about PostgreSQL's enum types."""

from collections.abc import Iterator

import sqlalchemy as sa

from framework.migrations.operations.alter_enum import AlterEnumOp
from framework.migrations.safety.rule import POSTGRESQL, Case, Rule, quoted

__all__ = ["RULES"]


def members(type_: object, native: bool = False) -> list[str] | None:
    """Return the members of an enum, or `None` for another type; with `native` of one that is a type of its own."""
    if not isinstance(type_, sa.Enum) or (native and not type_.native_enum):
        return None
    return list(type_.enums)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  # untyped there


def renames(case: Case) -> dict[str, str]:
    """Return the members that get a new name; one that becomes another which was there before is removed."""
    if not isinstance(case.operation, AlterEnumOp):
        return {}
    before = members(case.operation.existing_type) or []
    return {old: new for old, new in case.operation.moved.items() if new not in before}


def removed(case: Case) -> Iterator[str]:
    old, new = case.column, case.result
    if old is None or new is None:
        return
    before, after = members(old.sa_type), members(new.sa_type)
    stay = {*(after or ()), *renames(case)}
    if before is not None and after is not None and (gone := [item for item in before if item not in stay]):
        yield f"removes {quoted(gone)} from the enum of column {old.name!r}"


def renamed(case: Case) -> Iterator[str]:
    if case.column is not None:
        for old, new in renames(case).items():
            yield f"renames {old!r} to {new!r} in the enum of column {case.column.name!r}"


def added(case: Case) -> Iterator[str]:
    old, new = case.column, case.result
    if old is None or new is None or not case.atomic:
        return
    before, after = members(old.sa_type, native=True), members(new.sa_type, native=True)
    if before is None or after is None:
        return
    known = {*before, *renames(case).values()}
    if fresh := [item for item in after if item not in known]:
        yield f"adds {quoted(fresh)} to the enum of column {old.name!r}"


RULES = (
    Rule(
        "enum-in-transaction",
        "An enum gains members inside a transaction",
        "The new member cannot be used before the transaction ends, and PostgreSQL before 12 refuses it there.",
        (
            "Add the member in a migration of its own that says `transactional = False`.",
            "Use it in later migrations only.",
            "Write it to rows when every running release knows it: one that does not fails to read them.",
        ),
        added,
        POSTGRESQL,
    ),
    Rule(
        "enum-member-renamed",
        "An enum's member is renamed",
        "At that moment every row with the old name has the new one: the running release fails to read those rows "
        "(SQLAlchemy's LookupError) and to write the old name, and a new release fails likewise until then.",
        (
            "Add the new member beside the old one, and deploy a release that reads both and writes the old.",
            "Deploy a release that writes the new one only.",
            "Change the rows that hold the old one, in batches, in a migration with data().",
            "Leave the old member in the type, or remove it in a migration of the next release.",
            "Or rename it in Python only: below OK = 'ok', FINE = 'ok' is another name for the same member, and rows "
            "keep OK.",
        ),
        renamed,
    ),
    Rule(
        "enum-member-removed",
        "An enum loses members",
        "The running release may still write them and fail, or meet rows that were given another one. PostgreSQL "
        "cannot remove a member: the type and every table that uses it are rebuilt, while nobody can read them.",
        (
            "Deploy a release that no longer writes the member.",
            "Change the rows that hold it, in batches, in a migration with data().",
            "Leave the member in the type, or remove it in a migration of the next release.",
        ),
        removed,
    ),
)
