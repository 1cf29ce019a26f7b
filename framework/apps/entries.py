"""The entries of `installed_apps`, and where in the settings each is written."""

import ast
import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from framework.conf import Settings


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of `installed_apps`. As a string it says where it stands, for messages."""

    text: str
    index: int
    repeats: int = 0
    """How many entries before it read the same."""
    settings: Settings | None = None
    """Whose `installed_apps` it is."""

    def __str__(self) -> str:
        origin = self.origin()
        return f"{self.text!r} (installed_apps[{self.index}]{f', {origin}' if origin else ''})"

    def origin(self) -> str | None:
        """Return the `file:line` of the entry, or the variable that `installed_apps` was read from."""
        if self.settings is None:
            return None
        source = self.settings.source("installed_apps")
        if source.kind != "default":
            return str(source)
        for class_ in type(self.settings).__mro__:
            if "installed_apps" in vars(class_).get("__annotations__", {}):
                file, lines = _lines(class_, self.text)
                if lines:
                    return f"{file}:{lines[min(self.repeats, len(lines) - 1)]}"
        return str(source)


def entries(texts: Iterable[str], settings: Settings | None) -> list[Entry]:
    """Return the entries of `installed_apps`, each with the settings that name it."""
    known = list(texts)
    return [Entry(text, index, known[:index].count(text), settings) for index, text in enumerate(known)]


def _lines(class_: type, text: str) -> tuple[str, list[int]]:
    """Return the file of a class and the lines of a string: in its `installed_apps`, or where that takes it from."""
    try:
        file = inspect.getsourcefile(class_) or ""
        tree = ast.parse(Path(file).read_bytes())
    except (OSError, SyntaxError, TypeError):
        return "", []
    owners = [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == class_.__name__]
    fields = [node for owner in owners for node in owner.body if isinstance(node, ast.AnnAssign) and _is_field(node)]
    inside = [line for node in fields for line in _lines_in(node, text)]
    names_another = any(isinstance(item, ast.Name) for node in fields if node.value for item in ast.walk(node.value))
    return file, inside or (_lines_in(tree, text) if names_another else [])


def _is_field(node: ast.AnnAssign) -> bool:
    return isinstance(node.target, ast.Name) and node.target.id == "installed_apps"


def _lines_in(node: ast.AST, text: str) -> list[int]:
    return [item.lineno for item in ast.walk(node) if isinstance(item, ast.Constant) and item.value == text]
