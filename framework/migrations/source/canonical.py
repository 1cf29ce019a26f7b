"""What types mean to a database: `sa.TIMESTAMP` and `sa.DateTime` are spelled otherwise, and make the same column."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine

__all__ = ["is_own", "meant", "type_on"]

SINGLE = 24
"""Up to how many binary digits PostgreSQL takes a FLOAT for a REAL."""


def is_own(type_: TypeEngine[Any]) -> bool:
    """Tell whether a type is a decorator of the project's or a plugin's."""
    return isinstance(type_, TypeDecorator) and not type(type_).__module__.startswith("sqlalchemy.")


def type_on(type_: TypeEngine[Any], dialect: sa.Dialect) -> TypeEngine[Any]:
    """Return what a database gets for a type, variants and decorators resolved."""
    variant = type_._variant_mapping.get(dialect.name)  # pyright: ignore[reportPrivateUsage]  # no public way
    if variant is not None:
        return type_on(variant, dialect)
    if is_own(type_):
        return type_on(cast("TypeDecorator[Any]", type_).load_dialect_impl(dialect), dialect)
    return type_


def meant(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return the one spelling of all types that make the same column; others come back as they are.

    What a type does in Python alone, as `asdecimal` does, is left out.
    """
    if isinstance(type_, sa.Interval):
        return type_  # the only other spelling is PostgreSQL's own
    plain = MEANT.get(str(type_.__visit_name__))
    return type_ if plain is None else plain(type_)


def text(type_: Any) -> TypeEngine[Any]:
    return sa.Text(type_.length, collation=type_.collation)


def string(type_: Any) -> TypeEngine[Any]:
    return sa.String(type_.length, collation=type_.collation)


def numeric(type_: Any) -> TypeEngine[Any]:
    return sa.Numeric(type_.precision, 0 if type_.precision and type_.scale is None else type_.scale)


def floating(type_: Any) -> TypeEngine[Any]:
    return sa.REAL() if type_.precision and type_.precision <= SINGLE else sa.Double()


def moment(type_: Any) -> TypeEngine[Any]:
    return type_ if is_precise(type_) else sa.DateTime(timezone=type_.timezone)


def hour(type_: Any) -> TypeEngine[Any]:
    return type_ if is_precise(type_) else sa.Time(timezone=type_.timezone)


def span(type_: Any) -> TypeEngine[Any]:
    return type_ if is_precise(type_) else sa.Interval()


def is_precise(type_: Any) -> bool:
    """Tell whether a moment or a span has a precision of its own, which only PostgreSQL knows."""
    return getattr(type_, "precision", None) is not None or getattr(type_, "fields", None) is not None


def boolean(type_: Any) -> TypeEngine[Any]:
    return sa.Boolean(create_constraint=type_.create_constraint, name=type_.name)


def uuid(type_: Any) -> TypeEngine[Any]:
    return sa.Uuid(native_uuid=type_.native_uuid)


def array(type_: Any) -> TypeEngine[Any]:
    # PostgreSQL keeps no number of dimensions, and takes any.
    return postgresql.ARRAY(meant(type_.item_type))


def enum(type_: Any) -> TypeEngine[Any]:
    return sa.Enum(
        *type_.enums,
        name=type_.name,
        schema=getattr(type_, "schema", None),
        native_enum=type_.native_enum,
        create_constraint=type_.create_constraint,
        length=None if type_.native_enum else type_.length,
    )


MEANT: Mapping[str, Callable[[Any], TypeEngine[Any]]] = {
    **dict.fromkeys(("INTEGER", "integer"), lambda _: sa.Integer()),
    **dict.fromkeys(("BIGINT", "big_integer"), lambda _: sa.BigInteger()),
    **dict.fromkeys(("SMALLINT", "small_integer"), lambda _: sa.SmallInteger()),
    **dict.fromkeys(("NUMERIC", "DECIMAL", "numeric"), numeric),
    **dict.fromkeys(("FLOAT", "float"), floating),
    **dict.fromkeys(("DOUBLE", "DOUBLE_PRECISION", "double"), lambda _: sa.Double()),
    "REAL": lambda _: sa.REAL(),
    **dict.fromkeys(("VARCHAR", "string", "unicode"), string),
    **dict.fromkeys(("TEXT", "text", "unicode_text"), text),
    **dict.fromkeys(("TIMESTAMP", "DATETIME", "datetime"), moment),
    **dict.fromkeys(("DATE", "date"), lambda _: sa.Date()),
    **dict.fromkeys(("TIME", "time"), hour),
    "INTERVAL": span,
    **dict.fromkeys(("BOOLEAN", "boolean"), boolean),
    **dict.fromkeys(("BLOB", "BYTEA", "large_binary"), lambda _: sa.LargeBinary()),
    **dict.fromkeys(("UUID", "uuid"), uuid),
    **dict.fromkeys(("ENUM", "enum"), enum),
    "JSON": lambda _: sa.JSON(),
    "ARRAY": array,
}
"""By the name under which SQLAlchemy compiles a type; a subclass that is another type has a name of its own."""
