"""`Model`: sqlmodel's table classes, named so that two apps can share a class name, and safe under asyncio."""

from copy import copy
from decimal import Decimal
from typing import Any, ClassVar, cast, dataclass_transform

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema
from pydantic_core import PydanticUndefined as Undefined
from sqlalchemy import Column, Enum
from sqlmodel import Field, SQLModel
from sqlmodel.main import FieldInfo, RelationshipInfo, SQLModelMetaclass, get_sqlalchemy_type

from framework.db.mapping.decimals import rounded, scales_of
from framework.db.mapping.labels import all_models, label_above, path_of
from framework.db.mapping.lookup import table_of
from framework.db.mapping.naming import snake
from framework.db.mapping.references import adopt
from framework.db.mapping.relationships import relate, relations
from framework.db.mapping.timestamps import write_moments
from framework.errors import ImproperlyConfigured

__all__ = ["Model"]


@dataclass_transform(kw_only_default=True, field_specifiers=(Field, FieldInfo))
class ModelMeta(SQLModelMetaclass):
    """Gives a table class its name, its relationships and its foreign keys."""

    def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **told: Any) -> Any:
        refuse_inheritance(name, bases)
        if told.get("table") is True:
            if "__tablename__" not in namespace and inherited(bases, "__tablename__") is None:
                namespace["__tablename__"] = table_name(name, namespace["__module__"])
            arguments: Any = namespace.get("__mapper_args__", inherited(bases, "__mapper_args__") or {})
            if isinstance(arguments, dict):  # what the database computes comes back with the flush
                namespace["__mapper_args__"] = {"eager_defaults": True, **arguments}
            # Making a row checks nothing: what would is built when it is first asked for.
            namespace["model_config"] = {"defer_build": True, **namespace.get("model_config", {})}
        try:
            made = super().__new__(cls, name, bases, namespace, **told)
        except ValueError as error:
            if told.get("table") is True:
                refuse_unstorable(SQLModelMetaclass.__new__(cls, name, bases, namespace), error)
            raise
        # Taken away, or SQLAlchemy reads them too, and Pydantic takes them for fields of the subclasses.
        made.__relations__ = {
            key: (info, made.__annotations__.pop(key)) for key, info in made.__sqlmodel_relationships__.items()
        }
        return made

    def __init__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any], **told: Any) -> None:
        if told.get("table") is not True:
            super().__init__(name, bases, namespace, **told)
            return
        model = cast("type[SQLModel]", cls)
        refuse_taken_table(model)
        for key, field in cls.model_fields.items():
            store_as_text(vars(cls)[key], field)
        for key, info, annotation in relations(model):
            cls.__sqlmodel_relationships__[key] = related(model, key, info, annotation)
        # By now every field is a column. SQLAlchemy would only look for `Mapped[...]`, which no field is.
        annotations, cls.__annotations__ = cls.__annotations__, {}
        try:
            super().__init__(name, bases, namespace, **told)
        finally:
            cls.__annotations__ = annotations
        adopt(table_of(model))
        made: Any = cls
        made.__scales__ = scales_of(model)


def inherited(bases: tuple[type, ...], name: str) -> Any:
    """Return what an abstract model among the ancestors says of `name`; sqlmodel's own default does not count."""
    for base in bases:
        for ancestor in base.__mro__:
            if ancestor is not SQLModel and name in vars(ancestor):
                return vars(ancestor)[name]
    return None


def store_as_text(column: object, field: FieldInfo) -> None:
    """Keep an enum in a text column, on PostgreSQL too: there a type of its own has one name for all apps, and a new
    member would have to be added to it by a migration."""
    if getattr(field, "sa_type", Undefined) is not Undefined or not isinstance(column, Column):
        return
    kind = cast("Column[Any]", column).type
    if isinstance(kind, Enum) and kind.enum_class:
        longest = max(len(str(name)) for name in kind.enums)
        column.type = Enum(kind.enum_class, native_enum=False, length=max(50, longest))


def related(model: type[SQLModel], key: str, info: RelationshipInfo, annotation: object) -> RelationshipInfo:
    """Return `info` with a relationship of its own: several tables may share it through an abstract model."""
    if vars(info)["sa_relationship"] is not None:
        return info
    own = copy(info)
    own.sa_relationship = relate(model, key, info, annotation)
    return own


def table_name(name: str, module: str) -> str:
    label = label_above(module)
    if label is None:
        raise ImproperlyConfigured(
            f"Model {name!r} of module {module!r} belongs to no app: no apps.py stands beside or above it.",
            hint="Move it into an app's models.py, or name its table: `__tablename__ = ...`.",
            code="db.no-app",
        )
    return f"{label}_{snake(name)}"


def refuse_inheritance(name: str, bases: tuple[type, ...]) -> None:
    for base in bases:
        if issubclass(base, SQLModel) and hasattr(base, "__table__"):
            raise ImproperlyConfigured(
                f"{name!r} inherits from the table {base.__name__!r}, which sqlmodel allows no class to do.",
                hint="Move what they share to an abstract model, without table=True; write schemas from BaseModel.",
                code="db.table-inheritance",
            )


def refuse_unstorable(plain: type[SQLModel], error: ValueError) -> None:
    """Name the field that sqlmodel made no column of; it names the type alone. `plain` is the class without a table."""
    for key, field in plain.model_fields.items():
        if isinstance(getattr(field, "sa_column", None), Column):
            continue
        try:
            get_sqlalchemy_type(field)
        except ValueError:
            kind = field.annotation
            shown = kind.__name__ if isinstance(kind, type) else str(kind).replace("typing.", "")
            raise ImproperlyConfigured(
                f"{plain.__module__}.{plain.__name__}.{key} is of type {shown}, which no column keeps.",
                hint=f"Keep it as JSON, with `from sqlalchemy import JSON`: `{key}: {shown} = Field(sa_type=JSON)`. "
                "Rows of another model are a `Relationship`.",
                code="db.no-column",
            ) from error


def refuse_taken_table(model: type[SQLModel]) -> None:
    table: str = getattr(model, "__tablename__")  # noqa: B009
    arguments = getattr(model, "__table_args__", {})
    if table not in SQLModel.metadata.tables or (isinstance(arguments, dict) and "extend_existing" in arguments):
        return
    holders = [other for other in all_models() if table_of(other).name == table]
    holder = f"{holders[0].__module__}.{holders[0].__name__}" if holders else "another table"
    raise ImproperlyConfigured(
        f"Table {table!r} of {model.__module__}.{model.__name__} is taken by {holder}.",
        hint=f"Rename one of the classes, or set `__tablename__` on {path_of(model)}.",
        code="db.table-taken",
    )


class Model(SQLModel, metaclass=ModelMeta):
    """A table of an app, when written with `table=True`; otherwise fields that tables of its subclasses share.

    The table is called `label_class` after the app and the class; `__tablename__` gives it another name. As in
    sqlmodel, making a row checks nothing: what comes from outside goes through a schema first, or through
    `Post.model_validate(...)`. A decimal with more places than its column is rounded when it is set. Reading an
    attribute never asks the database.
    """

    __tablename__: ClassVar[str]  # pyright: ignore[reportIncompatibleMethodOverride, reportIncompatibleVariableOverride]
    __scales__: ClassVar[dict[str, Decimal]] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        scale = self.__scales__.get(name)
        super().__setattr__(name, value if scale is None else rounded(value, scale))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: type[Any], handler: GetCoreSchemaHandler, /) -> CoreSchema:
        return write_moments(handler(source))
