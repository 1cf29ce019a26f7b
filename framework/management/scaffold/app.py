"""Starting an app, and adding a model to one that stands."""

import ast
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from framework.errors import CommandError
from framework.management.scaffold.fields import FieldSpec
from framework.management.scaffold.files import template_files, write_all
from framework.management.scaffold.names import Names, rename
from framework.management.scaffold.project import check_name
from framework.management.scaffold.report import Written
from framework.management.scaffold.settings_file import add_app
from framework.management.scaffold.source import (
    add_imports,
    defined,
    drop_functions,
    drop_unused_imports,
    exchange_statement,
    fitted,
    joined,
)
from framework.management.scaffold.targets import resolved

__all__ = ["start_app", "start_model"]

MERGED = ("models.py", "schemas.py", "services.py", "routes.py")
"""The files of an app that a further model is added to."""


def start_app(
    names: Names,
    fields: Sequence[FieldSpec],
    *,
    directory: Path,
    settings_file: Path | None,
    packages: Mapping[str, str],
    prefix: str = "",
) -> Written:
    """Write a new app that serves CRUD for one model, and add it to the project's installed apps.

    `packages` maps the label of each installed app to its package, for foreign keys; `prefix` is where the project
    mounts its routes. Nothing is written when a file is in the way.
    """
    check_name(names.app, "app")
    if names.label in packages:
        raise CommandError(
            f"App {packages[names.label]!r} has the label {names.label!r} already. Please try another name.",
            code="scaffold.name",
        )
    packages = {**packages, names.label: names.app}
    rendered = _render(names, fields, packages, prefix=f"{prefix}/{names.label}")
    written = Written(created=write_all({directory / path: text for path, text in rendered.items()}))
    before = settings_file.read_bytes() if settings_file else b""
    if settings_file is not None and add_app(settings_file, names.app):
        if settings_file.read_bytes() != before:
            written.changed.append((settings_file, f"added {names.app!r} to installed_apps"))
    else:
        where = settings_file or "your settings file"
        written.remaining.append(f'Add this line to installed_apps in {where}:\n    "{names.app}",')
    return written


def start_model(
    names: Names, fields: Sequence[FieldSpec], *, directory: Path, packages: Mapping[str, str], prefix: str = ""
) -> Written:
    """Add a model with its schemas, service, routes and test to the app in `directory`.

    What stands there stays as it is. Nothing is written when a file of the app is no Python, is a package instead, or
    has a name already that the new code defines.
    """
    models = directory / "models.py"
    if models.exists() and names.model in defined(_read(models)):
        raise CommandError(f"Model {names.model!r} already stands in {models}.", code="scaffold.exists")
    routes = directory / "routes.py"
    own = _router_prefix(_read(routes)) if routes.exists() else None
    rendered = _render(names, fields, packages, prefix=f"{prefix}{own if own is not None else f'/{names.label}'}")
    written = Written()
    new: dict[Path, str] = {}
    merged: dict[Path, str] = {}
    for relative, text in rendered.items():
        path = directory / relative
        if relative.name in MERGED and path.with_suffix("").is_dir():
            raise CommandError(
                f"{path.with_suffix('')} is a package, and models are added to modules: {path.name} was wanted.",
                hint=f"Write {names.model} by hand, or make {path.name} of the package for as long as this takes.",
                code="scaffold.package",
            )
        if not path.exists():
            new[path] = text
        elif relative.name in MERGED:
            merged[path] = _merged(path, text, packages)
        elif relative.parent.name == "tests" and relative.name != "__init__.py":
            written.remaining.append(f"{path} stood already and is as it was.")
    others = [label for label in _required(fields, names.label) if label not in _requires(directory / "apps.py")]
    if others:
        written.remaining.append(f"Add {', '.join(map(repr, others))} to `requires` in {directory / 'apps.py'}.")
    written.created += write_all(new)
    for path, text in merged.items():
        newline = "\r\n" if b"\r\n" in path.read_bytes() else "\n"
        path.write_text(text, encoding="utf-8", newline=newline)
        written.changed.append((path, f"added {names.model}"))
    return written


def _merged(path: Path, addition: str, packages: Mapping[str, str]) -> str:
    """Return the file at `path` with what `addition` defines; raise `CommandError` when it has one of its names."""
    existing = _read(path)
    standing = defined(existing)
    for node in ast.parse(addition).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.name in standing:
            raise CommandError(
                f"{path}:{standing[node.name]} has {node.name!r} already, which the new model needs for its own.",
                hint="Rename that, or choose another name for the model. Nothing was written.",
                code="scaffold.exists",
            )
    return joined(existing, addition, _own(packages))


def _requires(config: Path) -> set[str]:
    """Return the labels that an app's `requires` is written with; none when there is no such literal."""
    tree = ast.parse(_read(config)) if config.exists() else ast.Module([], [])
    return {
        item.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and "requires" in map(ast.unparse, node.targets)
        for item in ast.walk(node.value)
        if isinstance(item, ast.Constant) and isinstance(item.value, str)
    }


def _render(names: Names, fields: Sequence[FieldSpec], packages: Mapping[str, str], *, prefix: str) -> dict[Path, str]:
    """Return the files of the app template under the new names, with the new fields."""
    fields = [resolved(field, packages, new=names) for field in fields]
    kinds = [field.kind for field in fields]
    files: dict[Path, str] = {}
    for relative, source in template_files("app"):
        text = rename(source if "auth" in packages else _for_all(source), names)
        if relative.name == "apps.py":
            known = ("db", "auth") if "auth" in packages else ("db",)
            required = ", ".join(f'"{label}"' for label in dict.fromkeys((*known, *_required(fields, names.label))))
            text = text.replace('("db", "auth")', f"({required})" if "," in required else f"({required},)")
        elif relative.name == "models.py":
            text = _with_fields(text, [field.in_model() for field in fields], [kind.imported for kind in kinds])
        elif relative.name == "schemas.py":
            imported = [kind.strict or kind.imported for kind in kinds]
            text = _with_fields(text, [field.in_schema() for field in fields], imported)
        elif relative.name == "test_items.py":
            relative = relative.with_name(f"test_{names.plural}.py")
            text = _with_samples(text.replace(f'"/api/{names.label}', f'"{prefix}'), fields, packages)
        files[relative] = fitted(text) if relative.suffix == ".py" else text
    return files


def _for_all(source: str) -> str:
    """Return a template without its access rules, for a project that knows no users."""
    source = re.sub(r", dependencies=\[\w+\]", "", source)
    return drop_unused_imports(drop_functions(source, "logged_in", "test_a_stranger_reads_and_changes_nothing"))


def _with_fields(source: str, lines: Sequence[str], imports: Sequence[tuple[str, str] | None]) -> str:
    if not lines:
        return source
    source = exchange_statement(source, "title", lines)
    return drop_unused_imports(add_imports(source, [name for name in imports if name]))


def _with_samples(source: str, fields: Sequence[FieldSpec], packages: Mapping[str, str]) -> str:
    """Return the test with values for the model's fields; a foreign key points at a row made for it."""
    if not fields:
        return source
    targets = {field.target for field in fields if field.target}
    models = [target.partition(".")[2] for target in targets]
    imports, values = list[tuple[str, str]](), list[str]()
    for field in fields:
        value = field.sample(0)
        if field.target:
            label, _, model = field.target.partition(".")
            if models.count(model) > 1 or model == "Make":
                imports.append((packages[label], f"models as {label}_models"))
                model = f"{label}_models.{model}"
            else:
                imports.append((f"{packages[label]}.models", model))
            value = f"(await make({model})).{field.key}"
            value = value if field.kind.annotation in {"int", "str"} else f"str({value})"
        values.append(f'"{field.column}": {value}')
    changes = [f'"{field.column}": {field.sample(1)}' for field in fields if not field.target]
    source = source.replace('{"title": "first"}', _dict(values)).replace('{"title": "second"}', _dict(changes[:1]))
    if targets:
        source = source.replace("async def fields()", "async def fields(make: Make)")
        imports.append(("framework.testing", "Make"))
    return add_imports(source, imports, _own(packages))


def _dict(entries: Sequence[str]) -> str:
    line = "{" + ", ".join(entries) + "}"
    return line if len(line) < 100 else "{\n" + "".join(f"        {entry},\n" for entry in entries) + "    }"


def _required(fields: Sequence[FieldSpec], app: str) -> list[str]:
    """Return the labels of the other apps that foreign keys reach, in order."""
    labels = [field.target.partition(".")[0] for field in fields if field.target]
    return [label for label in dict.fromkeys(labels) if label != app]


def _own(packages: Mapping[str, str]) -> set[str]:
    """Return the top packages that count as the project's own when imports are sorted."""
    return {package.partition(".")[0] for package in packages.values()} - {"framework"}


def _read(path: Path) -> str:
    """Return the source at `path`; raise `CommandError` when it is not Python, before anything is written."""
    source = path.read_text(encoding="utf-8")
    try:
        ast.parse(source)
    except SyntaxError as error:
        raise CommandError(
            f"{path}:{error.lineno}: {error.msg}.", hint="Mend it first.", code="scaffold.syntax"
        ) from None
    return source


def _router_prefix(source: str) -> str | None:
    """Return the prefix that the module gives its `router`; `None` when it has no router or no literal prefix."""
    for node in ast.parse(source).body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", ast.Pass())]
        if isinstance(node, ast.Assign | ast.AnnAssign) and "router" in map(ast.unparse, targets):
            keywords = node.value.keywords if isinstance(node.value, ast.Call) else []
            prefixes = [keyword.value for keyword in keywords if keyword.arg == "prefix"]
            return str(prefixes[0].value) if prefixes and isinstance(prefixes[0], ast.Constant) else ""
    return None
