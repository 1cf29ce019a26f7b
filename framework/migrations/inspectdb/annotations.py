"""What Python calls the values of a column, and how short a field may say its type."""

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

from framework.migrations.source.code import Code, literal

__all__ = ["Annotation", "annotate"]

DT = frozenset(["import datetime as dt"])
DECIMAL = frozenset(["from decimal import Decimal"])
UUID = frozenset(["from uuid import UUID"])
ANY = frozenset(["from typing import Any"])


@dataclass(frozen=True, slots=True)
class Annotation:
    """A type of Python's, and the type of a column that sqlmodel makes of it."""

    code: Code
    implied: TypeEngine[Any] | None = None
    arguments: dict[str, Code] = field(default_factory=dict[str, Code])
    """What a field has to say for that: `max_length=200`."""


def annotate(type_: TypeEngine[Any] | None, dialect: str) -> Annotation:
    """Return how the values of a column are annotated."""
    match type_:
        case sa.Enum():
            return Annotation(choices(type_))
        case sa.Boolean():
            return Annotation(Code("bool"), sa.Boolean())
        case sa.Integer():
            return Annotation(Code("int"), sa.Integer())
        case sa.Float():
            return Annotation(Code("float"), sa.Double() if dialect == "postgresql" else sa.Float())
        case sa.Numeric():
            told = {"max_digits": type_.precision, "decimal_places": type_.scale}
            arguments = {name: literal(value) for name, value in told.items() if value is not None}
            return Annotation(Code("Decimal", DECIMAL), sa.Numeric(type_.precision, type_.scale), arguments)
        case sa.String():
            arguments = {} if type_.length is None else {"max_length": literal(type_.length)}
            return Annotation(Code("str"), sa.String(type_.length), arguments)
        case sa.LargeBinary():
            return Annotation(Code("bytes"), sa.LargeBinary())
        case sa.Uuid():
            return Annotation(Code("UUID", UUID), sa.Uuid())
        case postgresql.ARRAY():
            item = annotate(type_.item_type, dialect).code
            return Annotation(Code(f"list[{item}]", item.imports))
        case postgresql.DOMAIN():
            return Annotation(annotate(type_.data_type, dialect).code)
        case postgresql.HSTORE():
            return Annotation(Code("dict[str, str | None]"))
        case postgresql.TSVECTOR():
            return Annotation(Code("str"))
        case postgresql.OID():
            return Annotation(Code("int"))
        case _:
            return moment(type_, dialect) or Annotation(Code("Any", ANY))


def moment(type_: TypeEngine[Any] | None, dialect: str) -> Annotation | None:
    match type_:
        case sa.DateTime():
            # SQLite's columns know no time zone; the framework's moments do, and are kept there in UTC.
            aware = sa.DateTime(timezone=dialect != "sqlite")
            return Annotation(Code("dt.datetime", DT), aware)
        case sa.Date():
            return Annotation(Code("dt.date", DT), sa.Date())
        case sa.Time():
            return Annotation(Code("dt.time", DT), sa.Time())
        case sa.Interval() | postgresql.INTERVAL():
            return Annotation(Code("dt.timedelta", DT), sa.Interval())
        case _:
            return None


def choices(type_: sa.Enum) -> Code:
    """Return the values of an enumeration, or plain text where they are many."""
    listed = ", ".join(literal(value).text for value in type_.enums)
    if len(listed) > 60:
        return Code("str")
    return Code(f"Literal[{listed}]", frozenset(["from typing import Literal"]))
