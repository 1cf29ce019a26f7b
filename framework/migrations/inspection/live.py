"""What a live database holds."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from framework.migrations.schema.table import Table

__all__ = ["Live"]


@dataclass(slots=True)
class Live:
    """What a database holds, by the names a state uses."""

    tables: dict[str, Table] = field(default_factory=dict[str, Table])
    views: dict[str, Table] = field(default_factory=dict[str, Table])
    """Views, materialized ones too; they have columns and no keys."""
    partitions: dict[str, Table] = field(default_factory=dict[str, Table])
    """Tables that hold a part of another one."""

    @property
    def all(self) -> Mapping[str, Table]:
        """Everything that rows can be read from."""
        return {**self.tables, **self.partitions, **self.views}
