"""Finds the revision files of the installed apps and reads their headers without running them."""

import ast
import os
import re
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from importlib.machinery import ModuleSpec, SourceFileLoader
from inspect import cleandoc
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from framework.migrations.errors import HistoryError
from framework.migrations.history.graph import Graph, Migration

__all__ = ["load_graph", "load_module", "read_migration"]

FORMERLY = "formerly"
ROWS = re.compile(r"^(?:async )?def (?:undo_)?data\(", re.MULTILINE)
HEADER = ("revision", "down_revision", "depends_on", "replaces", "transactional")
CONSTANTS: Mapping[str, Any] = {"None": None, "True": True, "False": False}
PLAIN = re.compile(
    r'"""(?P<docstring>[^"\\]*)"""\n+'
    r"(?:(?:import|from) [\w., ]+\n+)*"
    r'(?P<lines>(?:\w+ = (?:None|True|False|"[^"\\\n]*")\n)+)\n*'
)
"""A header as we write it."""


def load_graph(folders: Mapping[str, Path]) -> Graph:
    """Return the history of every app; `folders` says where each one keeps its files."""
    migrations = [migration for app, folder in folders.items() for migration in read_folder(app, folder)]
    former = {label: app for app, folder in folders.items() for label in former_labels(folder) if label not in folders}
    return Graph(migrations, [*folders], former=former)


def former_labels(folder: Path) -> tuple[str, ...]:
    """Return the labels that an app had before: `formerly = ("blog",)` in the `__init__.py` of its migrations."""
    path = folder / "__init__.py"
    text = read(path) if path.exists() else ""
    if FORMERLY not in text:
        return ()
    return several(dict(assignments(parse(text, path), path, (FORMERLY,))).get(FORMERLY))


def read_folder(app: str, folder: Path) -> Iterator[Migration]:
    """Yield the migrations in a folder, by name; there may be none, and no folder."""
    for name in sorted(os.listdir(folder)) if folder.is_dir() else ():
        if name.endswith(".py") and name[0] not in "_~.":
            yield read_migration(app, folder / name)


def read_migration(app: str, path: Path) -> Migration:
    """Return what the top of a revision file says."""
    # What stands above the first function is enough, and parsing only that is much faster.
    text = read(path)
    head, *_ = text.split("\ndef ", 1)
    docstring, values = glance(head) or parsed(head, path)
    revision = values.get("revision")
    if not isinstance(revision, str):
        raise HistoryError(
            f"{path} has no `revision`; wanted revision = '{app}.{path.stem}'.",
            hint="Write it, or start the file's name with '_' if it is not a migration.",
        )
    return Migration(
        app=app,
        name=path.stem,
        revision=revision,
        path=path,
        parents=several(values.get("down_revision")),
        depends_on=several(values.get("depends_on")),
        replaces=several(values.get("replaces")),
        docstring=docstring,
        # Alembic's own way to say so is a block around operations.
        transactional=bool(values.get("transactional", ".autocommit_block(" not in text)),
        works_on_rows=ROWS.search(text) is not None,
    )


def read(path: Path) -> str:
    """Return the text of a file."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        found = error.strerror if isinstance(error, OSError) else f"it is not UTF-8 ({error.reason})"
        raise HistoryError(
            f"Cannot read {path}: {found}.", hint="Restore it, or start its name with '_' if it is not a migration."
        ) from None


def glance(head: str) -> tuple[str, dict[str, Any]] | None:
    """Return docstring and values of a header of plain lines, which most are and which takes no parser; or `None`."""
    found = PLAIN.fullmatch(head)
    if found is None:
        return None
    lines = (line.split(" = ", 1) for line in found["lines"].split("\n")[:-1])
    values = {name: CONSTANTS.get(value, value[1:-1]) for name, value in lines if name in HEADER}
    return cleandoc(found["docstring"]), values


def parsed(head: str, path: Path) -> tuple[str, dict[str, Any]]:
    """Return docstring and values of any header."""
    tree = parse(head, path)
    return ast.get_docstring(tree) or "", dict(assignments(tree, path))


def parse(text: str, path: Path) -> ast.Module:
    """Return the tree of a file's text."""
    try:
        return ast.parse(text, str(path))
    except SyntaxError as error:
        raise HistoryError(f"{path}:{error.lineno} is not valid Python: {error.msg}.") from None


def assignments(tree: ast.Module, path: Path, wanted: Collection[str] = HEADER) -> Iterator[tuple[str, Any]]:
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name in wanted:
                pass
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if name in wanted:
                pass
            case _:
                continue
        try:
            yield name, ast.literal_eval(value)
        except ValueError:
            raise HistoryError(
                f"{path}:{node.lineno} computes `{name}`; wanted a plain value.",
                hint="Headers are read without running the file.",
            ) from None


def several(value: object) -> tuple[str, ...]:
    """Return Alembic's one, several or no revisions as a tuple."""
    if value is None:
        return ()
    if isinstance(value, str):
        return (value,)
    return tuple(map(str, cast("Iterable[object]", value))) if isinstance(value, tuple | list | set) else ()


def load_module(migration: Migration) -> ModuleType:
    """Run a revision file and return its module, fresh each time."""
    name, file = f"{migration.app}.migrations.{migration.name}", str(migration.path)
    loader = SourceFileLoader(name, file)
    # What importlib's own recipe finds out about any module is known here, and there are many files.
    module = ModuleType(name)
    module.__file__, module.__package__ = file, name.rpartition(".")[0]
    module.__loader__, module.__spec__ = loader, ModuleSpec(name, loader, origin=file)
    # Under a name of its own: the same app may stand in two places of one process, as in tests.
    sys.modules[name] = module
    try:
        loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
