"""The strings below assignments, which Python does not keep: what is said of settings and of module variables."""

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from types import ModuleType

__all__ = ["Assignment", "assignments", "first_sentence", "tree_of"]


class Assignment:
    """An assignment of a class body or a module, and the string below it."""

    def __init__(self, value: ast.expr | None, doc: str) -> None:
        self.value = value
        """The expression on the right, or `None` when there is none."""
        self.doc = doc
        """The string below as one line, empty when there is none."""


def assignments(owner: type | ModuleType) -> dict[str, Assignment]:
    """Return what a class and its bases, or a module, assign, by name."""
    found: dict[str, Assignment] = {}
    kinds = owner.__mro__ if isinstance(owner, type) else [owner]
    for kind in reversed(kinds):
        if getattr(kind, "__module__", "framework").startswith("framework"):
            found |= dict(assigned(body_of(kind)))
    return found


@cache
def tree_of(module: ModuleType) -> ast.Module:
    """Return the source of a module, parsed."""
    return ast.parse(inspect.getsource(module))


def body_of(owner: type | ModuleType) -> list[ast.stmt]:
    if isinstance(owner, ModuleType):
        return tree_of(owner).body
    module = inspect.getmodule(owner)
    assert module
    classes = (node for node in ast.walk(tree_of(module)) if isinstance(node, ast.ClassDef))
    return next(node.body for node in classes if node.name == owner.__name__)


def assigned(body: list[ast.stmt]) -> Iterator[tuple[str, Assignment]]:
    for statement, below in pairwise([*body, ast.Pass()]):
        name = name_of(statement)
        if name:
            doc = ""
            if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
                doc = " ".join(str(below.value.value).split())
            yield name, Assignment(getattr(statement, "value", None), doc)


def name_of(statement: ast.stmt) -> str | None:
    target: object = None
    if isinstance(statement, ast.Assign):
        target = statement.targets[0]
    elif isinstance(statement, ast.AnnAssign):
        target = statement.target
    elif isinstance(statement, ast.TypeAlias):
        target = statement.name
    return target.id if isinstance(target, ast.Name) else None


def first_sentence(text: str) -> str:
    """Return the first line of a docstring, which goes on until an empty one."""
    return " ".join(inspect.cleandoc(text).partition("\n\n")[0].split())
