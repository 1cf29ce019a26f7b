"""The models that foreign keys point at, found in the source of their apps: nothing of the project is imported."""

import ast
from collections.abc import Mapping
from dataclasses import replace
from importlib import invalidate_caches
from importlib.util import find_spec
from pathlib import Path

from framework.errors import CommandError
from framework.management.scaffold.fields import KINDS, FieldSpec
from framework.management.scaffold.names import Names
from framework.near import near

__all__ = ["resolved"]


def resolved(field: FieldSpec, packages: Mapping[str, str], *, new: Names) -> FieldSpec:
    """Return `field` with the key of the model it points at, and its type.

    Raise `CommandError` when the app is not installed or has no such model. A field that points at nothing, at the
    model being made, or into an app whose models are a package is returned as it is.
    """
    if field.target is None:
        return field
    label, _, model = field.target.partition(".")
    if label not in packages:
        raise _unknown(field, f"no app {label!r} is installed", label, packages)
    if (label, model) == (new.label, new.model):
        if field.nullable:
            return field
        raise CommandError(
            f"Field {field.name!r} points at {field.target!r} itself, so that no row could be the first.",
            hint=f"Let it be null: '{field.name}:{field.target}?'",
            code="scaffold.target",
        )
    source = _models(packages[label])
    if source is None:
        return field
    classes = {node.name: node for node in ast.parse(source).body if isinstance(node, ast.ClassDef)}
    if model not in classes:
        raise _unknown(field, f"app {label!r} has no model {model!r}", model, classes)
    key, annotation = _key(model, classes) or ("id", "int")
    kinds = {kind.annotation: kind for kind in KINDS.values()}
    return replace(field, key=key, kind=kinds.get(annotation.rpartition(".")[2], field.kind))


def _models(package: str) -> str | None:
    """Return the source of an app's models.py: empty when it has none, `None` when its models are a package."""
    invalidate_caches()  # the package may have been written a moment ago
    spec = find_spec(package)
    for folder in spec.submodule_search_locations or () if spec else ():
        if (Path(folder) / "models").is_dir():
            return None
        if (Path(folder) / "models.py").is_file():
            return (Path(folder) / "models.py").read_text(encoding="utf-8")
    return ""


def _key(model: str, classes: Mapping[str, ast.ClassDef]) -> tuple[str, str] | None:
    """Return the name and the type of a class's primary key, its own or of its bases in the same file.

    A base from elsewhere is told by its name; `None` when nothing says.
    """
    if model not in classes:
        return ("id", "UUID") if "uuid" in model.lower() else None
    for node in classes[model].body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and _is_primary(node.value):
            return node.target.id, ast.unparse(node.annotation)
    others = {name: node for name, node in classes.items() if name != model}  # no class is its own base
    keys = (_key(ast.unparse(parent), others) for parent in classes[model].bases)
    return next((key for key in keys if key is not None), None)


def _is_primary(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Call) and any(
        keyword.arg == "primary_key" and ast.unparse(keyword.value) == "True" for keyword in value.keywords
    )


def _unknown(field: FieldSpec, reason: str, name: str, choices: Mapping[str, object]) -> CommandError:
    hint = near(name, choices) or f"There is: {', '.join(sorted(choices)) or 'none'}."
    return CommandError(
        f"Field {field.name!r} points at {field.target!r}, but {reason}.", hint=hint, code="scaffold.target"
    )
