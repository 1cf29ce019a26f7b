"""What happens when a relationship is read that was not loaded: an error that says how to load it, never a query.

SQLAlchemy has one place where its `lazy="raise"` complains. This adapter replaces the words there, and a test fails
when that place moves.
"""

from typing import Any, NoReturn

from sqlalchemy.orm import RelationshipProperty
from sqlalchemy.orm.strategies import _LazyLoader  # pyright: ignore[reportPrivateUsage]  # see above

from framework.errors import FrameworkError

__all__ = ["LAZY"]

LAZY: Any = "unloaded"
"""The value of `relationship(lazy=...)` for every relationship of a model."""


@RelationshipProperty.strategy_for(lazy=LAZY)
class Unloaded(_LazyLoader):
    """Loads a relationship for nobody but the flush."""

    __slots__ = ()

    def __init__(self, parent: RelationshipProperty[Any], strategy_key: tuple[Any, ...]) -> None:
        super().__init__(parent, strategy_key)
        self._raise_always = True

    def _invoke_raise_load(self, state: Any, passive: Any, lazy: str) -> NoReturn:
        name, key = state.class_.__name__, self.key
        raise FrameworkError(
            f"{name}.{key} was not loaded together with the row.",
            hint=(
                f"Ask for it with `load=({name}.{key},)` in the repository or page that read the row, or with"
                f" `await session.refresh(row, [{key!r}])` for a row at hand."
            ),
            code="db.not-loaded",
        )
