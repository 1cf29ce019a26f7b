"""What a statement returns: which columns are models, which are labels, and which model comes first."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, inspect
from sqlmodel.sql.expression import SelectOfScalar

from framework.db.mapping.columns import column_of
from framework.db.near import near
from framework.errors import Invalid

__all__ = ["Shape"]


@dataclass(frozen=True, slots=True)
class Shape:
    """The columns of a `select`."""

    models: dict[int, Any]
    """Models and aliases of models, by place."""
    labels: dict[str, int]
    """Places of the other columns by name."""
    expressions: dict[str, Any]
    """The other columns themselves, by name."""
    scalar: bool
    """Whether each row is the one value selected."""

    @classmethod
    def of(cls, statement: Select[*tuple[Any, ...]]) -> "Shape":
        """Return the shape of a statement."""
        models: dict[int, Any] = {}
        labels: dict[str, int] = {}
        expressions: dict[str, Any] = {}
        for place, column in enumerate(statement.column_descriptions):
            if column["expr"] is column.get("entity"):
                models[place] = column["expr"]
            else:
                labels[column["name"]] = place
                expressions[column["name"]] = column["expr"]
        return cls(models, labels, expressions, isinstance(statement, SelectOfScalar))

    @property
    def is_model(self) -> bool:
        """Whether each row is just a model."""
        return self.scalar and bool(self.models)

    @property
    def model(self) -> Any:
        """The first model, or `None`."""
        return next(iter(self.models.values()), None)

    @property
    def key(self) -> list[str]:
        """The names of the first model's primary key; empty without a model."""
        if self.model is None:
            return []
        mapper = inspect(self.model).mapper
        return [mapper.get_property_by_column(column).key for column in mapper.primary_key]

    def column(self, name: str, asked: str) -> Any:
        """Return the label or the field of the first model called `name`; raise `Invalid` when there is none."""
        if name in self.expressions:
            return self.expressions[name]
        if self.model is None:
            raise Invalid(fields={asked: f"There is no {name!r} here. {near(name, self.labels)}"}, code="unknown_field")
        return column_of(self.model, name, asked)
