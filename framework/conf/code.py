"""Where in the code a default stands: read from the source, only when somebody asks."""

import ast
import sys
from pathlib import Path

from pydantic import BaseModel

from framework.conf.fields import model_of
from framework.conf.source import Source

__all__ = ["Code", "caller"]


class Code:
    """Finds the lines of class bodies. Reads each file once."""

    def __init__(self) -> None:
        self._trees: dict[Path, ast.Module | None] = {}

    def default(self, model: type[BaseModel], path: tuple[str, ...]) -> Source:
        """Return where the default of `model`'s field `path` is written.

        What a section's call in the class body sets stands there, the rest in the section's own class.
        """
        name, *rest = path
        field = model.model_fields.get(name)
        standing = field.default if field else None
        if rest and isinstance(standing, BaseModel) and rest[0] in standing.model_fields_set:
            return self._statement(model, name, rest[0])
        inner = type(standing) if isinstance(standing, BaseModel) else model_of(field.annotation) if field else None
        if rest and inner is not None:
            return self.default(inner, tuple(rest))
        return self._statement(model, name)

    def _statement(self, model: type[BaseModel], name: str, keyword: str | None = None) -> Source:
        for kind in model.__mro__:
            file = getattr(sys.modules.get(kind.__module__), "__file__", None)
            body = self._class_body(Path(file), kind.__qualname__) if file else []
            for statement in body:
                if name in assigned(statement):
                    return Source("default", kind.__name__, Path(str(file)), line_of(statement, keyword))
        return Source("default", model.__name__)

    def _class_body(self, file: Path, qualname: str) -> list[ast.stmt]:
        if file not in self._trees:
            try:
                self._trees[file] = ast.parse(file.read_bytes())
            except (OSError, SyntaxError, ValueError):
                self._trees[file] = None
        node: ast.AST | None = self._trees[file]
        for part in qualname.replace("<locals>.", "").split("."):
            kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
            inner = ast.walk(node) if node else ()
            node = next((found for found in inner if isinstance(found, kinds) and found.name == part), None)
        return node.body if isinstance(node, ast.ClassDef) else []


def assigned(statement: ast.stmt) -> set[str]:
    """Return the names that a statement of a class body sets."""
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def line_of(statement: ast.stmt, keyword: str | None) -> int:
    """Return the line of a statement, or of one keyword in the call that it assigns."""
    call = getattr(statement, "value", None)
    for argument in call.keywords if isinstance(call, ast.Call) else ():
        if argument.arg == keyword:
            return argument.value.lineno
    return statement.lineno


def caller() -> Source:
    """Return the line of code, outside this package and pydantic, that is making settings."""
    frame = sys._getframe(1)  # pyright: ignore[reportPrivateUsage] - the documented way to the calling line
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(("framework.conf", "pydantic")):
        frame = frame.f_back
    return Source("keyword", "a keyword", Path(frame.f_code.co_filename), frame.f_lineno)
