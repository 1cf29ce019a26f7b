"""One difference between the models and the migrations, with the operations that make and unmake it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from alembic.operations import ops

__all__ = ["Change", "Key"]

type Key = tuple[str, ...]
"""Something a change brings or takes away: `("table", "blog_post")`, `("no constraint", "blog_post", "fk_…")`."""


@dataclass(slots=True, eq=False)
class Change:
    """One line of what `makemigrations` prints."""

    app: str
    symbol: Literal["+", "~", "-"]
    text: str
    """`Add field slug to post`."""
    fragment: str
    """Its share of the migration's name: `post_slug`."""
    forward: list[ops.MigrateOperation]
    backward: list[ops.MigrateOperation]
    """What undoes `forward`, first thing first."""
    provides: set[Key] = field(default_factory=set[Key])
    needs: set[Key] = field(default_factory=set[Key])
    """What must be there before. A key that no change provides is looked for in the migrations that exist."""
    alone: bool = False
    """Whether it needs a migration of its own."""
    late: bool = False
    """Whether it comes after all others."""
    group: str = ""
    """The one table in use that may be locked in its migration, where that matters."""
    data: Sequence[str] = ()
    """Lines of a `data()` that comes with it."""

    def absorb(self, forward: Sequence[ops.MigrateOperation], backward: Sequence[ops.MigrateOperation]) -> None:
        """Take in operations that belong to this change and come after it."""
        self.forward.extend(forward)
        self.backward[:0] = backward
