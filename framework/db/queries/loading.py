"""What `load=(Article.author, Article.tags)` asks for, as options of a statement."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy.orm import RelationshipProperty, joinedload, selectinload
from sqlalchemy.sql.base import ExecutableOption

from framework.errors import FrameworkError

__all__ = ["Load", "options"]

type Load = Sequence[object]
"""Relationships to load with the rows: `Article.tags`, a path `(Article.author, User.profile)`, or any option of
SQLAlchemy's. Of type `object`, because to a type checker `Article.tags` is a list of tags."""


def options(load: Load) -> list[ExecutableOption]:
    """Return the options: a single row joins the statement, a collection costs one more statement for all rows."""
    return [item if isinstance(item, ExecutableOption) else path(item) for item in load]


def path(item: object) -> ExecutableOption:
    option: Any = None
    steps: tuple[Any, ...] = cast("Any", item) if isinstance(item, tuple) else (item,)
    for step in steps:
        if not isinstance(getattr(step, "property", None), RelationshipProperty):
            raise FrameworkError(
                f"load= takes relationships of a model, not {step!r}.",
                hint="Write `load=(Article.author, Article.tags)`; a path is `(Article.author, User.team)`.",
                code="db.load",
            )
        many: bool = bool(step.property.uselist)
        if option is None:
            option = selectinload(step) if many else joinedload(step)
        else:
            option = option.selectinload(step) if many else option.joinedload(step)
    return option
