"""Which commands there are, told by reading source: nothing of an app is imported to list them."""

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from framework.management.failures import blame

if TYPE_CHECKING:
    import typer

CORE = "framework"
"""The group of the framework's own commands."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One command: its name, the app it belongs to, the module to import for it, and its first line of help."""

    name: str
    group: str
    module: str
    help: str = ""
    hidden: bool = False


@dataclass(slots=True)
class Catalogue:
    """The commands at hand, by name. Of two with one name the later app's stands."""

    wanted: str | None = None
    """The one name that is asked for: sources that don't spell it are passed over."""
    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])
    problems: list[str] = field(default_factory=list[str])
    """Why some commands are missing, a line each."""

    def add_core(self) -> None:
        """Add the framework's own commands: one file a command."""
        folder = Path(__file__).parent / "commands"
        for path in sorted(folder.glob("[!_]*.py")):
            self._add(CORE, f"{__package__}.commands.{path.stem}", [path])

    def add_apps(self, installed: Iterable[str]) -> None:
        """Add the commands of installed apps, in their order. An app that cannot be found is a problem, no error."""
        for entry in installed:
            package, spec = entry, locate(entry)
            if spec is None and (plugin := _plugin(entry)):
                package, spec = plugin, locate(plugin)
            folders = [Path(path) for path in (spec.submodule_search_locations or ())] if spec else []
            if not folders:
                self.problems.append(f"App {entry!r} is not installed.")
                continue
            paths = [path for folder in folders for path in _sources(folder)]
            if paths:
                self._add(_label(folders[0], package), f"{package}.commands", paths)

    def _add(self, group: str, module: str, paths: list[Path]) -> None:
        try:
            sources = {str(path): path.read_bytes() for path in paths}
            if self.wanted is not None:
                sources = about(self.wanted, sources)
            found = read(sources) if sources else []
            if found is None:
                found = list(inspect(import_module(module)))
        except Exception as error:
            self.problems.append(f"The commands of {group!r} cannot be read: {blame(error)}")
            return
        for name, help, hidden in found:
            self.entries[name] = Entry(name, group, module, help, hidden)

    def groups(self) -> dict[str, list[Entry]]:
        """Return the commands to show by group, the framework's own first, then apps in order."""
        shown: dict[str, list[Entry]] = {CORE: []}
        for entry in self.entries.values():
            if not entry.hidden:
                shown.setdefault(entry.group, []).append(entry)
        return {group: sorted(entries, key=lambda entry: entry.name) for group, entries in shown.items() if entries}


type Found = tuple[str, str, bool]
"""A command's name, its first line of help, and whether it is hidden."""


def locate(package: str) -> ModuleSpec | None:
    """Return where a package is without importing its parents, or `None` when it is nowhere."""
    path: list[str] | None = None
    spec: ModuleSpec | None = None
    parts = package.split(".")
    for index in range(len(parts)):
        name = ".".join(parts[: index + 1])
        # `importlib.util.find_spec` would import the parents, and with them whatever they import.
        finders = (getattr(finder, "find_spec", None) for finder in sys.meta_path)
        spec = next((found for find in finders if find and (found := find(name, path, None))), None)
        if spec is None or spec.submodule_search_locations is None:
            return spec if spec is not None and name == package else None
        path = list(spec.submodule_search_locations)
    return spec


def about(name: str, sources: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files in which a function or a string has a command's name, and with them those that hold groups."""
    word = re.escape(name).replace("_", "-").replace(r"\-", "-").replace("-", "[-_]").encode()
    spelt = re.compile(rb"(?:def\s+|[\"'])" + word + rb"[\"'(]", re.IGNORECASE)
    found = {path for path, source in sources.items() if spelt.search(source)}
    return {path: source for path, source in sources.items() if path in found or b"Typer" in source} if found else {}


def read(sources: Mapping[str, bytes]) -> list[Found] | None:
    """Return the commands that the files of one `commands` module define, or `None` when only importing can tell."""
    found: list[Found] = []
    group: ast.Call | None = None
    understood = 0
    for node in (node for file, source in sources.items() for node in ast.parse(source, file).body):
        if isinstance(node, ast.Assign | ast.AnnAssign) and _target(node) == "commands":
            if not isinstance(node.value, ast.Call) or _last(node.value.func) != "Typer":
                return None
            group = node.value
        for call, function in _registrations(node):
            understood += 1
            command = _command(call, function)
            if command is None:
                return None
            found.append(command)
    # What is registered in a loop, a condition or under another name is not understood, but it is mentioned.
    mentions = sum(
        source.count(b"commands.command") + source.count(b"commands.add_typer") for source in sources.values()
    )
    if group is None or mentions > understood:
        return None
    if (name := _keyword(group, "name")) is not None:
        return [(name, _first_line(_keyword(group, "help") or ""), False)]
    return found


def inspect(module: Any) -> Iterator[Found]:
    """Yield the commands of an imported `commands` module."""
    from typer.main import get_command_name

    commands: typer.Typer = module.commands
    if isinstance(commands.info.name, str):
        yield commands.info.name, _first_line(str(commands.info.help or "")), False
        return
    for info in commands.registered_commands:
        callback = cast("Any", info.callback)
        yield info.name or get_command_name(callback.__name__), _first_line(info.help or callback.__doc__), info.hidden
    for group in commands.registered_groups:
        inner = group.typer_instance.info if group.typer_instance else group
        name = group.name if isinstance(group.name, str) else inner.name
        if isinstance(name, str):
            yield name, _first_line(group.help if isinstance(group.help, str) else ""), bool(group.hidden)


def _registrations(node: ast.stmt) -> Iterator[tuple[ast.expr, ast.AST | None]]:
    """Yield `@commands.command()` with its function, `commands.command()(function)` and `commands.add_typer(…)`."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        for decorator in node.decorator_list:
            if _is_registration(decorator.func if isinstance(decorator, ast.Call) else decorator):
                yield decorator, node
    elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        if isinstance(call.func, ast.Call) and _is_registration(call.func.func):
            yield call.func, None
        elif _is_registration(call.func):
            yield call, None


def _command(call: ast.expr, function: ast.AST | None) -> Found | None:
    keywords = {keyword.arg: keyword.value for keyword in call.keywords} if isinstance(call, ast.Call) else {}
    given = keywords.get("name")
    if isinstance(call, ast.Call) and call.args and _last(call.func) == "command":
        given = call.args[0]
    name = _text(given)
    if given is not None and name is None:
        return None
    if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
        # Typer's own rule; importing typer only for it would be silly.
        name = name or function.name.lower().replace("_", "-")
        help = _text(keywords.get("help")) or ast.get_docstring(function)
    else:
        help = _text(keywords.get("help"))
    hidden = isinstance(value := keywords.get("hidden"), ast.Constant) and bool(value.value)
    return (name, _first_line(help), hidden) if name is not None else None


def _is_registration(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Attribute)
        and node.attr in ("command", "add_typer")
        and isinstance(node.value, ast.Name)
        and node.value.id == "commands"
    )


def _target(node: ast.Assign | ast.AnnAssign) -> str | None:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    return target.id if isinstance(target, ast.Name) else None


def _last(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _text(node: ast.expr | None) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _keyword(call: ast.Call, name: str) -> str | None:
    return next((_text(keyword.value) for keyword in call.keywords if keyword.arg == name), None)


def _first_line(text: str | None) -> str:
    return (text or "").strip().partition("\n")[0]


def _sources(folder: Path) -> list[Path]:
    """Return the source of a package's `commands`: one file, or every file of a folder."""
    single = folder / "commands.py"
    return [single] if single.is_file() else sorted((folder / "commands").glob("*.py"))


def _label(folder: Path, package: str) -> str:
    """Return the label that the app's `apps.py` gives, or the last part of its name."""
    try:
        tree = ast.parse((folder / "apps.py").read_bytes())
    except (OSError, SyntaxError):
        tree = ast.Module([], [])
    for node in (node for statement in tree.body if isinstance(statement, ast.ClassDef) for node in statement.body):
        if isinstance(node, ast.Assign | ast.AnnAssign) and _target(node) == "label" and _text(node.value):
            return cast("str", _text(node.value))
    return package.rpartition(".")[2]


def _plugin(name: str) -> str | None:
    """Return the package of the plugin that is installed under an entry-point name."""
    from importlib.metadata import entry_points  # slow to import, and rarely asked for

    from framework.apps.discovery import ENTRY_POINT_GROUP

    found = next(iter(entry_points(group=ENTRY_POINT_GROUP, name=name)), None)
    return found.module.removesuffix(".apps") if found else None
