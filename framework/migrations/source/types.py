"""How a column's type is written: always a type of SQLAlchemy or of a driver's package, never one of the project's.

A migration must run years later, when the project's own types have changed or gone; what the database gets is the
type underneath. A type that differs between databases is written with a variant.
"""

import ast
from importlib import import_module
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator, TypeEngine

from framework.migrations.source.code import ALCHEMY, Code, call, dialect, literal

__all__ = ["type_code"]

DIALECTS = {"postgresql": postgresql.dialect(), "sqlite": sqlite.dialect()}
NOISE = {
    # Defaults that SQLAlchemy's repr spells out.
    "astext_type=Text()",
    "text_type=Text()",
    "none_as_null=False",
}


def type_code(type_: TypeEngine[Any]) -> Code:
    """Return how `type_` is written."""
    if isinstance(type_, TypeDecorator) and not type(type_).__module__.startswith("sqlalchemy."):
        return decorated(type_)
    if isinstance(type_, sa.Enum):
        code = enum(type_)
    elif isinstance(type_, sa.ARRAY):
        code = array(type_)
    else:
        code = plain(type_)
    for name, variant in type_._variant_mapping.items():  # pyright: ignore[reportPrivateUsage]  # no public way
        code = call(Code(f"{code}.with_variant", code.imports), type_code(variant), literal(name))
    return code


def decorated(type_: TypeDecorator[Any]) -> Code:
    """Return the type that a decorator stands on, with a variant for each database where it is another one."""
    code = type_code(type_.impl_instance)
    for name, known in DIALECTS.items():
        own = type_code(type_.load_dialect_impl(known))
        if own != type_code(type_.impl_instance.dialect_impl(known)) and own != code:
            code = call(Code(f"{code}.with_variant", code.imports), own, literal(name))
    return code


def enum(type_: sa.Enum) -> Code:
    """Return an enumeration by the values that are stored."""
    options = {
        "native_enum": None if type_.native_enum else False,
        "create_constraint": True if type_.create_constraint else None,
        "schema": type_.schema,
        "length": None if type_.native_enum else type_.length,
        "create_type": None if getattr(type_, "create_type", True) else False,
    }
    written = {name: None if value is None else literal(value) for name, value in options.items()}
    values = [literal(value) for value in type_.enums]
    if isinstance(type_, postgresql.ENUM):
        return call("postgresql.ENUM", *values, imports=[dialect("postgresql")], name=literal(type_.name), **written)
    return call("sa.Enum", *values, imports=[ALCHEMY], name=literal(type_.name), **written)


def array(type_: "sa.ARRAY[Any]") -> Code:
    """Return an array of whatever its items are."""
    ours = isinstance(type_, postgresql.ARRAY)
    function, line = ("postgresql.ARRAY", dialect("postgresql")) if ours else ("sa.ARRAY", ALCHEMY)
    dimensions = None if type_.dimensions is None else literal(type_.dimensions)
    return call(function, type_code(type_.item_type), imports=[line], dimensions=dimensions)


def plain(type_: TypeEngine[Any]) -> Code:
    """Return a type as its own repr writes it, each name led by the module it comes from."""
    tree = ast.parse(repr(type_), mode="eval").body
    imports: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.keywords = [keyword for keyword in node.keywords if ast.unparse(keyword) not in NOISE]
            if isinstance(node.func, ast.Name):
                cls: type[Any] = type(type_) if node is tree else getattr(sa, node.func.id)
                node.func.id, line = place(cls)
                imports.add(line)
    return Code(ast.unparse(tree), frozenset(imports))


def place(cls: type[Any]) -> tuple[str, str]:
    """Return the dotted name to write for a type, and its import line."""
    for base in cls.__mro__:
        # A dialect's private class (`PGUuid`) is written as the public one it specialises.
        if base.__module__.startswith("sqlalchemy."):
            package = base.__module__.split(".")[2] if base.__module__.startswith("sqlalchemy.dialects.") else ""
            home = import_module(f"sqlalchemy.dialects.{package}" if package else "sqlalchemy")
            if hasattr(home, base.__name__):
                return (f"{package}.{base.__name__}", dialect(package)) if package else (f"sa.{base.__name__}", ALCHEMY)
        else:
            # The shortest package that offers the name is the public one.
            parts = base.__module__.split(".")
            packages = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
            package = next((name for name in packages if hasattr(import_module(name), base.__name__)), base.__module__)
            return f"{package}.{base.__name__}", f"import {package}"
    raise AssertionError(cls)
