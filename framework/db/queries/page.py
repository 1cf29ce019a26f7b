"""Pages of any `select`: `Page` counts and skips, `CursorPage` goes on from where the page before ended."""

from collections.abc import Callable
from typing import Any, overload

from pydantic import BaseModel, Field
from sqlalchemy import Select, func, literal, select
from sqlmodel.sql.expression import Select as Rows
from sqlmodel.sql.expression import SelectOfScalar

from framework.db.mapping.ordering import Key, parse
from framework.db.queries.cursors import Order
from framework.db.queries.filters import conditions_of, order_of
from framework.db.queries.into import read_rows
from framework.db.queries.shapes import Shape
from framework.db.queries.window import CursorWindow, Window
from framework.db.sessions.session import ReadSession

__all__ = ["CursorPage", "Page"]


class Page[T](BaseModel):
    """Some rows of a result, and how many there are in all. Answers a route as `Page[PostRead]`."""

    items: list[T]
    total: int = Field(description="How many there are in all.")
    limit: int
    offset: int

    @overload
    @classmethod
    async def of[S: BaseModel](
        cls,
        session: ReadSession,
        statement: Select[*tuple[Any, ...]],
        window: Window = ...,
        *,
        into: type[S],
        order: str = ...,
    ) -> "Page[S]": ...
    @overload
    @classmethod
    async def of[R](
        cls, session: ReadSession, statement: SelectOfScalar[R], window: Window = ..., *, order: str = ...
    ) -> "Page[R]": ...
    @overload
    @classmethod
    async def of[*Rs](
        cls, session: ReadSession, statement: Rows[*Rs], window: Window = ..., *, order: str = ...
    ) -> "Page[tuple[*Rs]]": ...

    @classmethod
    async def of(
        cls,
        session: ReadSession,
        statement: Select[*tuple[Any, ...]],
        window: Window | None = None,
        *,
        into: type[BaseModel] | None = None,
        order: str = "",
    ) -> "Page[Any]":
        """Return the page of `statement` that `window` asks for, filtered and ordered as it asks.

        `order` is for a window that declares none; without either the statement's own stands, and rows that are equal
        in it are sorted by primary key, so that no two pages share a row. `into` reads the rows into a schema.
        """
        window = window or Window()
        shape = Shape.of(statement)
        statement = statement.where(*conditions_of(window, shape.model)).limit(None).offset(None)
        keys = parse(order_of(window) or order)
        sorted_ = statement.order_by(None) if keys else statement
        for key in tie_broken(keys, shape):
            sorted_ = sorted_.order_by(key.sort(shape.column(key.name, "order")))
        rows = await fetch(session, sorted_.limit(window.limit).offset(window.offset), shape)
        total = window.offset + len(rows)
        if len(rows) == window.limit or (window.offset and not rows):
            total = await count(session, statement)
        items: list[Any] = rows if into is None else read_rows(into, rows, shape)
        return Page(items=items, total=total, limit=window.limit, offset=window.offset)

    def map[S](self, function: Callable[[T], S]) -> "Page[S]":
        """Return the same page with `function` applied to each item."""
        items = [function(item) for item in self.items]
        return Page[Any](items=items, total=self.total, limit=self.limit, offset=self.offset)


class CursorPage[T](BaseModel):
    """Some rows of a result, and the cursor for those after them. Rows that come in meanwhile move nothing."""

    items: list[T]
    next: str | None = Field(default=None, description="Cursor for the page after this one; null on the last.")

    @overload
    @classmethod
    async def of[S: BaseModel](
        cls,
        session: ReadSession,
        statement: Select[*tuple[Any, ...]],
        window: CursorWindow = ...,
        *,
        into: type[S],
        order: str = ...,
    ) -> "CursorPage[S]": ...
    @overload
    @classmethod
    async def of[R](
        cls, session: ReadSession, statement: SelectOfScalar[R], window: CursorWindow = ..., *, order: str = ...
    ) -> "CursorPage[R]": ...
    @overload
    @classmethod
    async def of[*Rs](
        cls, session: ReadSession, statement: Rows[*Rs], window: CursorWindow = ..., *, order: str = ...
    ) -> "CursorPage[tuple[*Rs]]": ...

    @classmethod
    async def of(
        cls,
        session: ReadSession,
        statement: Select[*tuple[Any, ...]],
        window: CursorWindow | None = None,
        *,
        into: type[BaseModel] | None = None,
        order: str = "",
    ) -> "CursorPage[Any]":
        """Return the rows of `statement` after the window's cursor, in the window's order, else in `order`.

        The statement's own order does not count: a cursor must know it. It selects a model first, whose primary key
        breaks ties.
        """
        window = window or CursorWindow()
        shape = Shape.of(statement)
        keys = tie_broken(parse(order_of(window) or order), shape)
        by = Order(keys, [shape.column(key.name, "order") for key in keys])
        statement = statement.where(*conditions_of(window, shape.model))
        if window.cursor is not None:
            statement = statement.where(by.after(window.cursor))
        places = [column.label(f"cursor_{number}") for number, column in enumerate(by.columns)]
        statement = statement.order_by(None).order_by(*by.sort()).add_columns(*places).limit(window.limit + 1)
        found = (await session.execute(statement)).all()
        rows = [row[0] if shape.scalar else row[: -len(places)] for row in found[: window.limit]]
        more = len(found) > window.limit
        items: list[Any] = rows if into is None else read_rows(into, rows, shape)
        last = found[window.limit - 1][-len(places) :] if more else ()
        return CursorPage(items=items, next=by.cursor(last) if more else None)

    def map[S](self, function: Callable[[T], S]) -> "CursorPage[S]":
        """Return the same page with `function` applied to each item."""
        return CursorPage[Any](items=[function(item) for item in self.items], next=self.next)


def tie_broken(keys: tuple[Key, ...], shape: Shape) -> tuple[Key, ...]:
    """Return the keys with those of the primary key behind them, so that no two rows are equal."""
    names = {key.name for key in keys}
    return (*keys, *(Key(name) for name in shape.key if name not in names))


async def fetch(session: ReadSession, statement: Select[*tuple[Any, ...]], shape: Shape) -> list[Any]:
    result = await session.execute(statement)
    return list(result.scalars() if shape.scalar else result)


async def count(session: ReadSession, statement: Select[*tuple[Any, ...]]) -> int:
    """Count the rows of a statement without its order, its eager loads and, where they don't matter, its columns."""
    plain: Any = statement.order_by(None)
    # Nothing public tells what a statement has. Where rows are not simply those of its tables, they are made first.
    if not (plain._distinct or plain._group_by_clauses or plain._having_criteria):
        return (await session.execute(plain.with_only_columns(func.count(), maintain_column_froms=True))).scalar_one()
    if not plain._distinct:
        plain = plain.with_only_columns(literal(1).label("one"), maintain_column_froms=True)
    return (await session.execute(select(func.count()).select_from(plain.subquery()))).scalar_one()
