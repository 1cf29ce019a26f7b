"""Starting an app, and adding a model to one that stands."""

import ast
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
    packages = {**packages, names.label: names.app}
    rendered = _render(names, fields, packages, prefix=f"{prefix}/{names.label}")
    written = Written(created=write_all({directory / path: text for path, text in rendered.items()}))
    if settings_file is not None and add_app(settings_file, names.app):
        written.changed.append((settings_file, f"added {names.app!r} to installed_apps"))
    else:
        where = settings_file or "your settings file"
        written.remaining.append(f'Add this line to installed_apps in {where}:\n    "{names.app}",')
    return written


def start_model(
    names: Names, fields: Sequence[FieldSpec], *, directory: Path, packages: Mapping[str, str], prefix: str = ""
) -> Written:
    """Add a model with its schemas, service, routes and test to the app in `directory`."""
    models = directory / "models.py"
    if models.exists() and names.model in _classes(_read(models)):
        raise CommandError(f"Model {names.model!r} already stands in {models}.", code="scaffold.exists")
    routes = directory / "routes.py"
    own = _router_prefix(_read(routes)) if routes.exists() else None
    rendered = _render(names, fields, packages, prefix=f"{prefix}{own if own is not None else f'/{names.label}'}")
    written = Written()
    new: dict[Path, str] = {}
    merged: dict[Path, str] = {}
    for relative, text in rendered.items():
        path = directory / relative
        if not path.exists():
            new[path] = text
        elif relative.name in MERGED:
            merged[path] = joined(_read(path), text, _own(packages))
    written.created += write_all(new)
    for path, text in merged.items():
        path.write_text(text, encoding="utf-8")
        written.changed.append((path, f"added {names.model}"))
    others = _required(fields, names.label)
    if others:
        written.remaining.append(
            f"See that `requires` in {directory / 'apps.py'} names {', '.join(map(repr, others))}."
        )
    return written


def _render(names: Names, fields: Sequence[FieldSpec], packages: Mapping[str, str], *, prefix: str) -> dict[Path, str]:
    """Return the files of the app template under the new names, with the new fields."""
    fields = [resolved(field, packages, new=names) for field in fields]
    files: dict[Path, str] = {}
    for relative, source in template_files("app"):
        text = rename(source, names)
        if relative.name == "apps.py":
            required = ", ".join(f'"{label}"' for label in ("db", *_required(fields, names.label)))
            text = text.replace('("db",)', f"({required})" if "," in required else f"({required},)")
        elif relative.name == "models.py":
            text = _with_fields(text, fields, [field.in_model() for field in fields])
        elif relative.name == "schemas.py":
            text = _with_fields(text, fields, [field.in_schema() for field in fields])
        elif relative.name == "test_items.py":
            relative = relative.with_name(f"test_{names.plural}.py")
            text = _with_samples(text.replace(f'"/api/{names.label}', f'"{prefix}'), fields, packages)
        files[relative] = fitted(text) if relative.suffix == ".py" else text
    return files


def _with_fields(source: str, fields: Sequence[FieldSpec], lines: Sequence[str]) -> str:
    if not fields:
        return source
    source = exchange_statement(source, "title", lines)
    imports = [field.kind.imported for field in fields if field.kind.imported]
    return drop_unused_imports(add_imports(source, imports))


def _with_samples(source: str, fields: Sequence[FieldSpec], packages: Mapping[str, str]) -> str:
    """Return the test with values for the model's fields; a foreign key points at a row made for it."""
    if not fields:
        return source
    rows, imports, values = list[str](), list[tuple[str, str]](), list[str]()
    for field in fields:
        value = field.sample(0)
        if field.target:
            label, _, model = field.target.partition(".")
            imports.append((f"{packages[label]}.models", model))
            rows.append(f"    {field.name} = await make({model})\n")
            value = f"{field.name}.id"
        values.append(f'"{field.column}": {value}')
    changes = [f'"{field.column}": {field.sample(1)}' for field in fields if not field.target]
    source = source.replace('    return {"title": "first"}', f"{''.join(rows)}    return {_dict(values)}")
    source = source.replace('{"title": "second"}', _dict(changes[:1]))
    if rows:
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


def _classes(source: str) -> set[str]:
    return {node.name for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}


def _router_prefix(source: str) -> str | None:
    """Return the prefix that the module gives its `router`; `None` when it has no router or no literal prefix."""
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and "router" in map(ast.unparse, node.targets):
            keywords = node.value.keywords if isinstance(node.value, ast.Call) else []
            prefixes = [keyword.value for keyword in keywords if keyword.arg == "prefix"]
            return str(prefixes[0].value) if prefixes and isinstance(prefixes[0], ast.Constant) else ""
    return None
