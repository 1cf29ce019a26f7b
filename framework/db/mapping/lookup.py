"""From a model's `label.Class` to the class, from a class to its table, from a name to its column."""

from typing import Any, cast

from sqlalchemy import Table
from sqlmodel import SQLModel

from framework.db.mapping.labels import all_models, find_model, label_of, path_of
from framework.db.near import near
from framework.errors import ImproperlyConfigured

__all__ = ["model_at", "table_of"]


def model_at(path: str, where: str) -> type[SQLModel]:
    """Return the model at `label.Class`, or say what `where` refers to and what there is."""
    label, dot, name = path.partition(".")
    if dot and (model := find_model(label, name)):
        return model
    known = {path_of(model) for model in all_models() if label_of(model)}
    labels = {known_path.partition(".")[0] for known_path in known}
    same_name = sorted(known_path for known_path in known if known_path.endswith(f".{name or label}"))
    if not dot or "." in name:
        text, hint = "which is not of the form 'label.Class'", near(path, known)
    elif same_name:
        text, hint = "which no app defines", f"Did you mean {same_name[0]!r}? Write Relationship(to={same_name[0]!r})."
    elif label not in labels:
        text, hint = f"but no app with models is labelled {label!r}", near(label, labels)
    else:
        text = f"but app {label!r} has no such model"
        hint = near(name, [known_path.partition(".")[2] for known_path in known if known_path.startswith(f"{label}.")])
    raise ImproperlyConfigured(f"{where} refers to {path!r}, {text}.", hint=hint, code="db.unknown-model")


def table_of(model: type[SQLModel]) -> Table[Any]:
    """Return the table of a model."""
    table: object = getattr(model, "__table__", None)
    if not isinstance(table, Table):
        raise ImproperlyConfigured(
            f"{path_of(model)} has no table.",
            hint=f"Write `class {model.__name__}(..., table=True)`.",
            code="db.no-table",
        )
    return cast("Table[Any]", table)
