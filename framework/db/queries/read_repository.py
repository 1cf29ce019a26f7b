"""Reads the rows of one model."""

from typing import Any, cast, overload

from pydantic import BaseModel
from sqlalchemy import ColumnElement, and_, func, select
from sqlmodel import SQLModel
from sqlmodel import select as entity
from sqlmodel.sql.expression import SelectOfScalar

from framework.db.mapping.columns import key_of
from framework.db.mapping.naming import snake
from framework.db.mapping.ordering import order_by
from framework.db.mapping.values import bindable, storable
from framework.db.queries.filters import Filters, conditions_of
from framework.db.queries.loading import Load, options
from framework.db.queries.lookups import condition
from framework.db.queries.page import CursorPage, Page
from framework.db.queries.window import CursorWindow, Window
from framework.db.sessions.session import ReadSession
from framework.errors import FrameworkError, NotFound

__all__ = ["ReadRepository", "Where"]

type Where = ColumnElement[bool] | bool | Filters
"""A condition: an expression (`bool` to a type checker where `col()` was left out), or what a client asked for."""

UNSET: Any = object()


class ReadRepository[M: SQLModel]:
    """Reads the rows of one model. Ask for it as `ReadRepository[Post]`.

    Conditions are SQLAlchemy's expressions, or names as Django spells them: `all(author_id=3, title__icontains="x")`.
    `order` is text like `"-created_at,title"`, `load` names relationships to read along. A name that the model has
    not is `Invalid`, with the nearest one.
    """

    def __init__(self, session: ReadSession, model: type[M]) -> None:
        self.session = session
        self.model = model

    def select(self) -> SelectOfScalar[M]:
        """Return the statement that everything starts from. Override it to narrow what the repository reaches."""
        return entity(self.model)

    async def all(
        self, *where: Where, order: str = "", load: Load = (), limit: int | None = None, **filters: Any
    ) -> list[M]:
        """Return every row that meets the conditions, sorted by primary key where `order` leaves a choice."""
        statement = self._narrowed(where, filters).order_by(*order_by(self.model, order), *key_of(self.model))
        return list(await self.session.scalars(statement.options(*options(load)).limit(limit)))

    async def find(self, *where: Where, order: str = "", load: Load = (), **filters: Any) -> M | None:
        """Return the first row that meets the conditions, or `None`."""
        return next(iter(await self.all(*where, order=order, load=load, limit=1, **filters)), None)

    async def get(self, id: Any = UNSET, /, *, load: Load = (), **filters: Any) -> M:
        """Return the row with this primary key (a tuple, if it has several columns), or the only one that is so.

        Raises `NotFound` when there is none.
        """
        if (id is UNSET) is not bool(filters):
            raise TypeError("get() takes a primary key or conditions by name.")
        found = await self.all(load=load, limit=2, **filters) if filters else await self._by_key(id, load)
        if not found:
            raise NotFound(self.subject)
        if len(found) > 1:
            raise FrameworkError(
                f"More than one {self.subject} has this {' and '.join(filters)}.",
                hint="Use `find()` for the first of several, `all()` for all of them.",
                code="db.several",
            )
        return found[0]

    async def exists(self, *where: Where, **filters: Any) -> bool:
        """Tell whether a row meets the conditions."""
        return bool(await self.session.scalar(select(self._narrowed(where, filters).exists())))

    async def count(self, *where: Where, **filters: Any) -> int:
        """Return how many rows meet the conditions."""
        counted = self._narrowed(where, filters).with_only_columns(func.count(), maintain_column_froms=True)
        return cast("int", await self.session.scalar(counted))

    @overload
    async def page[S: BaseModel](
        self, window: CursorWindow, *where: Where, into: type[S], order: str = ..., load: Load = ..., **filters: Any
    ) -> CursorPage[S]: ...
    @overload
    async def page(
        self, window: CursorWindow, *where: Where, order: str = ..., load: Load = ..., **filters: Any
    ) -> CursorPage[M]: ...
    @overload
    async def page[S: BaseModel](
        self, window: Window = ..., *where: Where, into: type[S], order: str = ..., load: Load = ..., **filters: Any
    ) -> Page[S]: ...
    @overload
    async def page(
        self, window: Window = ..., *where: Where, order: str = ..., load: Load = ..., **filters: Any
    ) -> Page[M]: ...

    async def page(
        self,
        window: Window | CursorWindow | None = None,
        *where: Where,
        into: type[BaseModel] | None = None,
        order: str = "",
        load: Load = (),
        **filters: Any,
    ) -> Page[Any] | CursorPage[Any]:
        """Return the page that `window` asks for. `order` is for a window that declares none."""
        statement = self._narrowed(where, filters).options(*options(load))
        told: dict[str, Any] = {"order": order} if into is None else {"order": order, "into": into}
        if isinstance(window, CursorWindow):
            return await CursorPage[Any].of(self.session, statement, window, **told)
        return await Page[Any].of(self.session, statement, window or Window(), **told)

    @property
    def subject(self) -> str:
        """What errors call a row: `BlogPost` is a "blog post"."""
        return snake(self.model.__name__).replace("_", " ")

    def _narrowed(self, where: tuple[Where, ...], filters: dict[str, Any]) -> SelectOfScalar[M]:
        statement = self.select()
        for given in where:
            conditions = conditions_of(given, self.model) if isinstance(given, Filters) else [given]
            statement = statement.where(*conditions)
        return statement.where(*(condition(self.model, name, value) for name, value in filters.items()))

    async def _by_key(self, id: Any, load: Load) -> list[M]:
        columns = key_of(self.model)
        values: tuple[Any, ...] = cast("Any", id) if isinstance(id, tuple) else (id,)
        if not all(storable(value) for value in values):
            return []
        same = and_(*(column == bindable(column, value, "id") for column, value in zip(columns, values, strict=True)))
        return list(await self.session.scalars(self.select().where(same).options(*options(load))))
