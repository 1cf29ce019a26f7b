"""Writes docs/reference/names.md: every name that a package of the framework offers, and what it is."""

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from types import FunctionType, ModuleType

import framework
from tests.house.docstrings import assignments, first_sentence, tree_of

__all__ = ["about", "packages", "page"]

HEAD = """\
# Names

Every public name, by the package that it is imported from. This page is made from the code by `just pages`; the
docstrings say more.
"""
ELSEWHERE = {
    "framework.db.Field": "A column of a model, or a field of a schema: sqlmodel's.",
    "framework.db.col": "A column as SQLAlchemy sees it, for type checkers: `col(Post.title).desc()`; sqlmodel's.",
    "framework.db.select": "A statement: `select(Post).where(Post.id == 1)`; sqlmodel's.",
    "framework.migrations.op": "Alembic's operations, and the framework's own, in migrations.",
}
"""Names that are not written here, or have no place for a docstring."""


def packages() -> list[ModuleType]:
    """Return the packages that users import from."""
    names = [info.name for info in pkgutil.iter_modules(framework.__path__) if not info.name.startswith("_")]
    return [framework, *(importlib.import_module(f"framework.{name}") for name in sorted(names))]


def page() -> str:
    """Return the whole page."""
    return "\n".join([HEAD, *(line for package in packages() for line in section(package))])


def section(package: ModuleType) -> Iterator[str]:
    yield f"## `{package.__name__}`\n"
    yield f"{first_sentence(package.__doc__ or '')}\n"
    rows = [f"| `{name}` | {about(package, name).replace('|', '\\|')} |" for name in package.__all__]
    yield "\n".join(["| name | what it is |", "|---|---|", *rows, ""])


def about(package: ModuleType, name: str) -> str:
    """Return the first sentence of what is said of a name, empty when nothing is."""
    known = ELSEWHERE.get(f"{package.__name__}.{name}")
    value = getattr(package, name)
    if known is None and isinstance(value, type | FunctionType):
        known = value.__doc__
    elif known is None:
        known = assignments(home(package, name))[name].doc
    return first_sentence(known or "")


def home(module: ModuleType, name: str) -> ModuleType:
    """Return the module that assigns a name, found by the imports that lead there."""
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.ImportFrom) and node.module and name in [alias.name for alias in node.names]:
            return home(importlib.import_module(node.module), name)
    return module
