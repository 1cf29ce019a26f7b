"""How a column's type is written: always a type of SQLAlchemy or of a driver's package, never one of the project's.

A migration must run years later, when the project's own types have changed or gone; what the database gets is the
type underneath. A type that differs between databases is written with a variant.
"""

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib import import_module
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.types import TypeDecorator, TypeEngine

from framework.migrations.source.canonical import is_own, meant, type_on
from framework.migrations.source.code import Code, alchemy, call, dialect, literal

__all__ = ["type_code"]

DIALECTS = {"postgresql": postgresql.dialect(), "sqlite": sqlite.dialect()}
NOISE = {
    # Defaults that SQLAlchemy's repr spells out.
    "astext_type=Text()",
    "text_type=Text()",
    "none_as_null=False",
}


@dataclass(frozen=True, slots=True, eq=False)
class TypeCode(Code):
    """How a type is written. Two that make the same column on every database are the same."""

    type: TypeEngine[Any] = field(default_factory=sa.types.NullType, repr=False)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Code):
            return NotImplemented
        if (self.text, self.imports) == (other.text, other.imports):
            return True
        return isinstance(other, TypeCode) and meaning(self.type) == meaning(other.type)

    def __hash__(self) -> int:
        return hash(meaning(self.type)["postgresql"].text)


def meaning(type_: TypeEngine[Any]) -> dict[str, Code]:
    """Return what each database gets for a type."""
    elsewhere = {name: alone(meant(variant)) for name, variant in variants_of(type_)}
    return elsewhere | {name: alone(meant(type_on(type_, known))) for name, known in DIALECTS.items()}


def type_code(type_: TypeEngine[Any]) -> Code:
    """Return how `type_` is written."""
    code = written(type_)
    return TypeCode(code.text, code.imports, type_)


def written(type_: TypeEngine[Any]) -> Code:
    if is_own(type_):
        return decorated(cast("TypeDecorator[Any]", type_))
    code = alone(type_)
    for name, variant in variants_of(type_):
        code = call(Code(f"{code}.with_variant", code.imports), written(variant), literal(name))
    return code


def variants_of(type_: TypeEngine[Any]) -> Iterable[tuple[str, TypeEngine[Any]]]:
    return type_._variant_mapping.items()  # pyright: ignore[reportPrivateUsage]  # no public way


def alone(type_: TypeEngine[Any]) -> Code:
    """Return how a type is written without its variants."""
    if isinstance(type_, sa.Enum):
        return enum(type_)
    if isinstance(type_, sa.ARRAY):
        return array(cast("sa.ARRAY[Any]", type_))
    return domain(type_) if isinstance(type_, postgresql.DOMAIN) else plain(type_)


def decorated(type_: TypeDecorator[Any]) -> Code:
    """Return the type that a decorator stands on, with a variant for each database where it is another one."""
    code = type_code(type_.impl_instance)
    for name, known in DIALECTS.items():
        impl = type_.load_dialect_impl(known)
        if impl is type_.impl_instance:
            continue
        own = type_code(impl)
        if own != type_code(type_.impl_instance.dialect_impl(known)) and own != code:
            code = call(Code(f"{code}.with_variant", code.imports), own, literal(name))
    return code


def enum(type_: sa.Enum) -> Code:
    """Return an enumeration by the values that are stored."""
    schema: Any = getattr(type_, "schema", None)
    options: dict[str, object] = {
        "native_enum": None if type_.native_enum else False,
        "create_constraint": True if type_.create_constraint else None,
        "schema": schema,
        "length": None if type_.native_enum else type_.length,
        "create_type": None if getattr(type_, "create_type", True) else False,
    }
    written = {name: literal(value) for name, value in options.items() if value is not None}
    function = dialect("postgresql", "ENUM") if isinstance(type_, postgresql.ENUM) else alchemy("Enum")
    return call(function, *map(literal, type_.enums), **{"name": literal(type_.name), **written})


def array(type_: "sa.ARRAY[Any]") -> Code:
    """Return an array of whatever its items are."""
    function = dialect("postgresql", "ARRAY") if isinstance(type_, postgresql.ARRAY) else alchemy("ARRAY")
    dimensions = None if type_.dimensions is None else literal(type_.dimensions)
    return call(function, type_code(type_.item_type), dimensions=dimensions)


def domain(type_: Any) -> Code:
    """Return a domain with all that its own repr leaves out."""
    names = ("collation", "default", "constraint_name", "check", "schema")
    told = {name: value for name in names if (value := getattr(type_, name)) is not None}
    options = {name: literal(value if isinstance(value, str) else str(value)) for name, value in told.items()}
    not_null = literal(True) if type_.not_null else None
    return call(
        dialect("postgresql", "DOMAIN"), literal(type_.name), type_code(type_.data_type), not_null=not_null, **options
    )


def plain(type_: TypeEngine[Any]) -> Code:
    """Return a type as its own repr writes it, each name led by the module it comes from."""
    own = type(type_)
    return from_repr(own, repr(type_)) if vars(type_) else bare(own)


@cache
def bare(own: type[TypeEngine[Any]]) -> Code:
    """Return a type without any argument: most columns have one, and a repr looks for arguments each time."""
    return from_repr(own, repr(own()))


@lru_cache(1024)
def from_repr(own: type[Any], text: str) -> Code:
    """Read what a type of the class `own` says of itself; a project has few types and many columns."""
    tree = ast.parse(text, mode="eval").body
    imports: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            node.keywords = [keyword for keyword in node.keywords if ast.unparse(keyword) not in NOISE]
            if isinstance(node.func, ast.Name):
                cls: type[Any] = own if node is tree else getattr(sa, node.func.id)
                home = place(cls)
                node.func.id = home.text
                imports |= home.imports
    return Code(ast.unparse(tree), frozenset(imports))


def place(cls: type[Any]) -> Code:
    """Return the dotted name of a type."""
    for base in cls.__mro__:
        # A dialect's private class (`PGUuid`) is written as the public one it specialises.
        name, module = base.__name__, base.__module__
        if module.startswith("sqlalchemy.dialects."):
            package = module.split(".")[2]
            if hasattr(import_module(f"sqlalchemy.dialects.{package}"), name):
                return dialect(package, name)
        elif module.startswith("sqlalchemy."):
            if hasattr(sa, name):
                return alchemy(name)
        else:
            return elsewhere(module, name)
    raise AssertionError(cls)


def elsewhere(module: str, name: str) -> Code:
    """Return the dotted name of a type of another package: the shortest that offers it is the public one."""
    parts = module.split(".")
    packages = [".".join(parts[:count]) for count in range(1, len(parts) + 1)]
    package = next((item for item in packages if hasattr(import_module(item), name)), module)
    return Code(f"{package}.{name}", frozenset([f"import {package}"]))
