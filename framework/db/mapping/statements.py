"""What statements are written with: `select` and `col` are sqlmodel's, `rel` is their companion for relationships."""

from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import InstrumentedAttribute, RelationshipProperty
from sqlmodel import col, select

from framework.errors import FrameworkError

__all__ = ["col", "rel", "select"]

if TYPE_CHECKING:

    def rel[T](relationship: T) -> InstrumentedAttribute[T]:
        """Return the relationship as SQLAlchemy sees it: `select(Post).join(rel(Post.author))`."""
        ...
else:

    def rel(relationship: Any) -> Any:
        """Return the relationship as SQLAlchemy sees it: `select(Post).join(rel(Post.author))`."""
        found = getattr(relationship, "property", None)
        if not isinstance(found, RelationshipProperty):
            raise FrameworkError(
                f"rel() takes a relationship of a model, not {relationship!r}.",
                hint="Write `rel(Post.author)`; for a column, `col(Post.title)`.",
                code="db.rel",
            )
        return relationship
