"""Which models and tables belong to a project, and whether everything they refer to is installed.

All of it happens before SQLAlchemy configures a mapper: a failed configuration cannot be undone in a process.
"""

from collections.abc import Iterable
from typing import Any, Protocol

from sqlalchemy import ForeignKey, Table
from sqlalchemy.exc import AmbiguousForeignKeysError, SQLAlchemyError
from sqlalchemy.orm import RelationshipProperty, configure_mappers
from sqlalchemy.schema import sort_tables_and_constraints  # pyright: ignore[reportUnknownVariableType]  # SQLAlchemy has not typed it
from sqlmodel import SQLModel

from framework.apps import Apps
from framework.db.mapping.labels import all_models, label_of, package_of, path_of
from framework.db.mapping.lookup import model_at, table_of
from framework.db.mapping.model import ModelMeta
from framework.db.mapping.references import ModelForeignKey, adopt
from framework.db.mapping.relationships import references
from framework.db.near import near
from framework.errors import ImproperlyConfigured

__all__ = ["Installed", "models_of", "resolve_models", "resolve_references", "tables_of"]


class Installed(Protocol):
    """A project, or whatever else has apps."""

    @property
    def apps(self) -> Apps:
        """Its apps."""
        ...


def models_of(project: Installed, label: str | None = None) -> list[type[SQLModel]]:
    """Return the table models of the project's installed apps, or of the one app labelled `label`."""
    labels = [app.app_label for app in project.apps] if label is None else [label]
    return [model for model in all_models() if label_of(model) in labels]


def tables_of(project: Installed, label: str | None = None) -> list[Table[Any]]:
    """Return the tables of the project's installed apps, each after those it refers to.

    Tables of other projects in the process are left out. A `Table` written without a class belongs to the app whose
    `models.py` holds it.
    """
    found = {table_of(model) for model in models_of(project, label)}
    for app in project.apps:
        if label in (None, app.app_label) and (module := app.module("models")) is not None:
            found |= {value for value in vars(module).values() if isinstance(value, Table)}
    found &= set(SQLModel.metadata.tables.values())  # a view has a `MetaData` of its own
    # Not `metadata.sorted_tables`, which warns of tables that refer to each other.
    ordered = sort_tables_and_constraints(sorted(found, key=lambda table: table.key))
    return [table for table, _ in ordered if table is not None]


def resolve_models(project: Installed) -> None:
    """Find what the models of `project` refer to, and configure the mappers, so that no request pays for it.

    Called once every model is imported. Raises `ImproperlyConfigured`.
    """
    resolve_references(project)
    try:
        configure_mappers()
    except SQLAlchemyError as error:
        ambiguous = isinstance(error, AmbiguousForeignKeysError)
        raise ImproperlyConfigured(
            f"SQLAlchemy cannot map the models: {error}",
            hint="Name the field that refers: Relationship(foreign_key='author_id')." if ambiguous else None,
            code="db.mapping",
        ) from error


def resolve_references(project: Installed) -> None:
    """Find everything the models of `project` refer to; raise `ImproperlyConfigured` for what is not there.

    Enough for whoever wants the tables alone.
    """
    labels = [app.app_label for app in project.apps]
    owners = {table_of(model): path_of(model) for model in all_models() if label_of(model)}
    for model in models_of(project):
        adopt(table_of(model))
        for reference in references(model):
            target = reference.target if isinstance(reference.target, str) else path_of(reference.target)
            require_fields(reference.where, require(labels, reference.where, target), reference.fields)
        for key in sorted(table_of(model).foreign_keys, key=lambda key: key.parent.name):
            require_column(labels, f"{path_of(model)}.{key.parent.name}", key, owners)
        for relation in plain_relationships(model):
            require_one_class(f"{path_of(model)}.{relation.key}", relation.argument)


def require(labels: list[str], where: str, path: str) -> type[SQLModel]:
    """Return the model at `path`, whose app must be installed."""
    label = path.partition(".")[0]
    if "." in path and label not in labels:
        package = package_of(label)
        raise ImproperlyConfigured(
            f"{where} refers to {path!r}, but no installed app is labelled {label!r}.",
            hint=f"Add {package!r} to installed_apps." if package else near(label, labels),
            code="db.app-not-installed",
        )
    return model_at(path, where)


def require_column(labels: list[str], where: str, key: ForeignKey, owners: dict[Table[Any], str]) -> None:
    """Raise unless the table and the column that a foreign key names are there, and their app is installed."""
    if isinstance(key, ModelForeignKey):
        label, name, field = key.written
        require_fields(where, require(labels, where, f"{label}.{name}"), [field])
        return
    tables, (_, name, field) = SQLModel.metadata.tables, key.target_tokens
    table = tables.get(key.target_table_key or "")
    if table is None:
        raise ImproperlyConfigured(
            f"{where} refers to the table {key.target_table_key!r}, which no model has.",
            hint=f"{near(str(key.target_table_key), tables)} A model is named 'label.Class.field'.",
            code="db.unknown-table",
        )
    if path := owners.get(table):
        require(labels, where, path)
    if field is not None and field not in table.columns:
        raise unknown_field(where, name, field, table.columns.keys())


def require_fields(where: str, model: type[SQLModel], fields: Iterable[str]) -> None:
    """Raise unless `model` has the fields. Its own are asked, for SQLAlchemy would configure the mapper to tell."""
    known = {*model.model_fields, *table_of(model).columns.keys()}
    for field in fields:
        if field not in known:
            raise unknown_field(where, path_of(model), field, known)


def unknown_field(where: str, owner: str, field: str, known: Iterable[str]) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"{where} refers to the field {field!r} of {owner!r}, which has none of that name.",
        hint=near(field, known),
        code="db.unknown-column",
    )


def plain_relationships(model: type[SQLModel]) -> list[RelationshipProperty[Any]]:
    """Return the relationships of a plain sqlmodel class, whose other ends SQLAlchemy finds by class name alone."""
    if isinstance(model, ModelMeta):
        return []
    # `.prop`, for `.property` would configure the mappers
    found: list[Any] = [getattr(value, "prop", None) for value in vars(model).values()]
    return [prop for prop in found if isinstance(prop, RelationshipProperty)]


def require_one_class(where: str, argument: object) -> None:
    """Raise unless a bare class name means one class of the process; with two SQLAlchemy gives up on every mapper."""
    if not isinstance(argument, str):
        return
    named = [model for model in all_models() if model.__name__ == argument.rpartition(".")[2]]
    if len(named) == 1 or (named and "." in argument):
        return
    if named:
        text = f"which is the name of {len(named)} models: {', '.join(path_of(model) for model in named)}"
        hint = "Derive the class from framework.db.Model and write `Relationship(to='label.Class')`."
    else:
        text, hint = "which no model is called", near(argument, [model.__name__ for model in all_models()])
    raise ImproperlyConfigured(f"{where} refers to {argument!r}, {text}.", hint=hint, code="db.unknown-model")
