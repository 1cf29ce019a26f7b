"""Pairs of schemas drawn by hypothesis: the second grows out of the first, with rows that fit both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from hypothesis import strategies as st
from workbench import Model, column, key, model

__all__ = ["CROWDED", "HANDED_ON", "MEMBERS", "Col", "Pair", "Tab", "models_of", "pairs", "value_of"]

ROWS = (1, 2, 3)
MEMBERS = (("sad", "ok"), ("sad", "fine", "ok"))
"""What the enum has before, and what it may have afterwards."""


@dataclass(frozen=True)
class Kind:
    """A type with a server default and what it may become without losing a value."""

    type: Any
    default: Any = None
    becomes: tuple[str, ...] = ()
    distinct: bool = True
    """Whether it has an order and a value for every row, so that it can be unique and indexed."""


KINDS: Mapping[str, Kind] = {
    "small": Kind(sa.SmallInteger, "7", ("int", "big")),
    "int": Kind(sa.Integer, "7", ("small", "big", "text")),
    "big": Kind(sa.BigInteger, "7", ("int", "text")),
    "name": Kind(sa.String(40), 'it\'s 5% :of \\ "it"', ("title", "text")),
    "title": Kind(sa.String(80), "", ("name", "text")),
    "text": Kind(sa.Text, "x", ("title",)),
    "price": Kind(sa.Numeric(8, 2), "1.25", ("amount",)),
    "amount": Kind(sa.Numeric(12, 2), "0", ("price",)),
    "flag": Kind(sa.Boolean, sa.false(), ("int",), distinct=False),
    "ratio": Kind(sa.Float, "0.5"),
    "day": Kind(sa.Date, "2020-02-29"),
    "moment": Kind(sa.DateTime, None, ("instant",)),
    "instant": Kind(sa.DateTime(timezone=True), sa.func.now(), ("moment",)),
    "hour": Kind(sa.Time),
    "uuid": Kind(sa.Uuid, None, ("text",)),
    "blob": Kind(sa.LargeBinary),
    "json": Kind(sa.JSON, distinct=False),
    "mood": Kind(None, "ok", ("text",), distinct=False),
}


def value_of(kind: str, row: int) -> Any:
    """Return what a column holds in a row, another value in each."""
    moment = datetime(2024, 2, 28 + row // 3, row, 30)  # noqa: DTZ001 — a column without a zone
    match kind:
        case "small" | "int" | "big":
            return row
        case "name" | "title" | "text":
            return f'{row}: l\'été 100% \\ "ok"'
        case "price" | "amount":
            return Decimal(row) + Decimal("0.25")
        case "flag":
            return row % 2 == 0
        case "ratio":
            return row + 0.5
        case "day":
            return date(2024, 2, 26 + row)
        case "moment":
            return moment
        case "instant":
            return moment.replace(tzinfo=UTC)
        case "hour":
            return time(row, 30)
        case "uuid":
            return UUID(int=row)
        case "blob":
            return bytes([0, row, 255])
        case "json":
            return {"row": [row, None, "x"]}
        case _:
            return MEMBERS[0][row % 2]


@dataclass(frozen=True)
class Col:
    """A column. `to` is the table it points at; `number` tells who it is, whatever it is called."""

    number: int
    name: str
    kind: str
    nullable: bool = True
    default: bool = False
    unique: bool = False
    index: bool = False
    check: bool = False
    to: int | None = None
    rule: str | None = None


@dataclass(frozen=True)
class Tab:
    """A table; `number` tells which one it is, whatever it is called."""

    number: int
    app: str
    name: str
    columns: tuple[Col, ...]
    together: bool = False
    """Whether its first two columns that can be are unique together, and have an index the other way round."""

    @property
    def key(self) -> str:
        """Its name in the database."""
        return f"{self.app}_{self.name.lower()}"


@dataclass(frozen=True)
class Pair:
    """A schema, and what it becomes."""

    before: tuple[Tab, ...]
    after: tuple[Tab, ...]
    grows: bool
    """Whether the enum gets another member."""


def ref(number: int, name: str, to: int | None) -> Col:
    """Return a column that points, or has pointed, at a table."""
    return Col(number, name, "int", to=to)


CROWDED = Pair(
    (
        Tab(0, "blog", "T0", (ref(0, "c0", 1), Col(1, "c1", "mood", default=True), Col(2, "c2", "int", index=True))),
        Tab(1, "blog", "T1", (ref(0, "c0", 0), Col(1, "c1", "name", unique=True))),
        Tab(2, "users", "T2", (Col(0, "c0", "mood", default=True), ref(1, "c1", 3), Col(2, "c2", "small", check=True))),
        Tab(3, "users", "T3", (Col(0, "c0", "uuid", unique=True),)),
        Tab(4, "blog", "T4", (ref(0, "c0", 3), Col(1, "c1", "mood"))),
        Tab(5, "blog", "T5", (ref(0, "c0", 3), Col(1, "c1", "price", nullable=False, default=True))),
    ),
    (
        Tab(0, "blog", "T0New", (ref(0, "c0", 1), Col(1, "c1", "mood", default=True), Col(2, "c2", "int", index=True))),
        Tab(1, "blog", "T1New", (ref(0, "c0", 0), Col(1, "c1", "name", unique=True))),
        Tab(2, "users", "T2", (Col(0, "c0x", "text"), Col(9, "c9", "mood"), Col(2, "c2x", "big", nullable=False))),
        Tab(3, "users", "T3Told", (Col(0, "c0x", "text", unique=True),)),
        Tab(5, "blog", "T5", (ref(0, "c0", None), Col(1, "c1x", "amount"))),
        Tab(6, "blog", "T6", (Col(0, "c0", "mood", nullable=False, default=True), ref(1, "c1", 3))),
    ),
    grows=True,
)
"""What has gone wrong before, in one: tables that point at each other are renamed, an enum leaves a column and comes
into another with more members, keys go while their target gets another name, columns get other names and types."""

HANDED_ON = Pair(
    (Tab(0, "blog", "T0", (Col(0, "c0", "mood", default=True),)),),
    (Tab(0, "blog", "T0", (Col(0, "c0x", "text", default=True), Col(9, "c9", "mood"))),),
    grows=True,
)
"""An enum leaves the only column that has it, and comes into another of the same table with more members."""


def models_of(tables: Sequence[Tab], members: Sequence[str]) -> list[Model]:
    """Return the tables as the workshop takes them."""
    keys = {table.number: table.key for table in tables}
    return [made(table, keys, members) for table in tables]


def made(table: Tab, keys: Mapping[int, str], members: Sequence[str]) -> Model:
    items: list[Any] = [key]
    for item in table.columns:
        kind = KINDS[item.kind]
        options: dict[str, Any] = {"nullable": item.nullable, "unique": item.unique or None, "index": item.index}
        if item.default:
            options["server_default"] = kind.default
        if item.to is not None:
            options |= {"to": f"{keys[item.to]}.id", "rules": {"ondelete": item.rule} if item.rule else {}}
        type_ = kind.type if item.kind != "mood" else sa.Enum(*members, name="mood")
        items.append(column(item.name, type_, **options))
        if item.check:
            items.append(lambda name=item.name: sa.CheckConstraint(f"{name} >= 0", name=f"{name}_positive"))
    names = [item.name for item in table.columns if KINDS[item.kind].distinct][:2]
    if table.together and len(names) == 2:
        items.append(lambda: sa.UniqueConstraint(*names))
        items.append(lambda: sa.Index(None, *reversed(names)))
    return model(table.app, table.name, *items)


@st.composite
def pairs(draw: st.DrawFn) -> Pair:
    """Draw a schema of two to four tables and what it becomes."""
    numbers = range(draw(st.integers(2, 4)))
    before = tuple(draw(tables(number, numbers)) for number in numbers)
    fates = [draw(st.sampled_from(["alter", "alter", "alter", "rename", "move", "tell", "drop"])) for _ in before]
    stay = [table.number for table, fate in zip(before, fates, strict=True) if fate != "drop"]
    fresh = range(len(before), len(before) + draw(st.integers(0, 1)))
    standing = [*stay, *fresh]
    after = [draw(tables(number, standing)) for number in fresh]
    for table, fate in zip(before, fates, strict=True):
        points_at_dropped = any(item.to is not None and item.to not in standing for item in table.columns)
        if fate == "alter" or (fate != "drop" and points_at_dropped):
            after.append(draw(altered(table, stay)))
        elif fate == "rename":
            after.append(replace(table, name=f"{table.name}New"))
        elif fate == "move":
            after.append(replace(table, app="users" if table.app == "blog" else "blog"))
        elif fate == "tell":
            after.append(replace(draw(altered(table, stay)), name=f"{table.name}Told"))
    return Pair(before, tuple(after), draw(st.booleans()))


@st.composite
def tables(draw: st.DrawFn, number: int, others: Sequence[int]) -> Tab:
    """Draw a table, of many columns mostly: a database costs more than a column."""
    count = draw(st.sampled_from([0, 3, 5, 7, 7]))
    columns = tuple(draw(columns_of(place, f"c{place}", others)) for place in range(count))
    return Tab(number, draw(st.sampled_from(["blog", "users"])), f"T{number}", columns, draw(st.booleans()))


@st.composite
def columns_of(draw: st.DrawFn, number: int, name: str, others: Sequence[int], *, late: bool = False) -> Col:
    """Draw a column; one that comes `late` has to do with rows that stand already."""
    kind = draw(st.sampled_from([*KINDS, "ref", "ref", "ref", "ref"]))
    to, rule = None, None
    if kind == "ref":
        kind, to = "int", draw(st.sampled_from(others)) if others else None
        rule = draw(st.sampled_from([None, "CASCADE", "RESTRICT", "SET NULL"]))
    nullable = draw(st.booleans()) or (late and to is not None) or rule == "SET NULL"
    default = to is None and KINDS[kind].default is not None and draw(st.booleans())
    distinct = KINDS[kind].distinct
    unique = distinct and draw(st.booleans()) and not (late and (default or not nullable))
    index = distinct and not unique and draw(st.booleans())
    check = kind in ("small", "int", "big") and draw(st.booleans())
    return Col(number, name, kind, nullable, default, unique, index, check, to, rule)


@st.composite
def altered(draw: st.DrawFn, table: Tab, others: Sequence[int]) -> Tab:
    """Draw what becomes of a table's columns, and perhaps a new one."""
    columns: list[Col] = []
    for item in table.columns:
        fate = draw(st.sampled_from(["keep", "drop", "rename", "both", "both", "alter", "alter", "alter"]))
        if fate == "rename" and (item.to is None or item.to in others):
            columns.append(replace(item, name=f"{item.name}x"))
        elif fate == "both" and (item.to is None or item.to in others):
            # A column that points elsewhere is no other one's new name.
            columns.append(replace(draw(changed(item, [item.to], renamed=True)), name=f"{item.name}x"))
        elif fate == "alter":
            columns.append(draw(changed(item, others)))
        elif fate != "drop" and (item.to is None or item.to in others):
            columns.append(item)
    if draw(st.booleans()):
        columns.append(draw(columns_of(9, "c9", others, late=True)))
    # Values in a new column are the same in each row.
    together = draw(st.booleans()) and all(item.number != 9 for item in columns[:3])
    return replace(table, columns=tuple(columns), together=together)


@st.composite
def changed(draw: st.DrawFn, item: Col, others: Sequence[int | None], *, renamed: bool = False) -> Col:
    """Draw another definition of a column that holds the same values."""
    kind = KINDS[item.kind]
    if item.to is not None:
        to = draw(st.sampled_from(others if renamed else [None, *others]))
        rule = draw(st.sampled_from([None, "CASCADE", "SET NULL"]))
        return replace(item, to=to, rule=rule, nullable=item.nullable or rule == "SET NULL")
    to_kind = draw(st.sampled_from([item.kind, *kind.becomes]))
    default = KINDS[to_kind].default is not None and draw(st.booleans())
    unique = kind.distinct and draw(st.booleans())
    index = kind.distinct and not unique and draw(st.booleans())
    check = item.check and to_kind in ("small", "int", "big")
    return replace(
        item, kind=to_kind, nullable=draw(st.booleans()), default=default, unique=unique, index=index, check=check
    )
