"""Foreign keys by model: `"label.Class.field"`, whether or not that class was made yet."""

import re
from typing import Any

from sqlalchemy import ForeignKey, Table
from sqlalchemy.schema import ForeignKeyTarget

from framework.db.mapping.labels import find_model
from framework.db.mapping.naming import snake

__all__ = ["ModelForeignKey", "adopt"]

CLASS_NAME = re.compile(r"[A-Z]\w*")


class ModelForeignKey(ForeignKey):
    """A foreign key that was written as `label.Class.field` and looks its table up when asked."""

    inherit_cache = True

    @property
    def written(self) -> tuple[str, str, str]:
        """Label, class and field, as the model's author wrote them."""
        label, name, field = super().target_tokens
        return str(label), name, str(field)

    @property
    def target_tokens(self) -> ForeignKeyTarget:
        """The table and column meant; by the rule for table names while the class is not there."""
        label, name, field = self.written
        model = find_model(label, name)
        table: object = getattr(model, "__table__", None)
        if isinstance(table, Table):
            return ForeignKeyTarget(table.schema, table.name, field)
        return ForeignKeyTarget(None, f"{label}_{snake(name)}", field)


def adopt(table: Table[Any]) -> None:
    """Make the foreign keys of `table` that name a class look that class up.

    SQLAlchemy has read `label.Class.field` as schema, table and column. Such a key changes its class instead of being
    replaced, because a key cannot be taken off a column again.
    """
    for key in table.foreign_keys:
        schema, name, _ = key.target_tokens
        if type(key) is ForeignKey and schema is not None and CLASS_NAME.fullmatch(name or ""):
            key.__class__ = ModelForeignKey
