"""Reads and writes the rows of one model."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import and_, delete, not_, select, update
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import SQLModel

from framework.db.mapping.columns import column_of, key_of
from framework.db.queries.changes import Changes, given
from framework.db.queries.ensuring import insert_unless_there, same_key
from framework.db.queries.loading import Load, options
from framework.db.queries.read_repository import ReadRepository, Where
from framework.db.sessions.session import Session
from framework.errors import Conflict, NotFound

__all__ = ["Repository"]


class Repository[M: SQLModel](ReadRepository[M]):
    """Reads and writes the rows of one model. Ask for it as `Repository[Post]`, or derive a class from that.

    Every write goes to the database at once, within the transaction: keys, defaults and `updated_at` are there
    afterwards, and a broken constraint is raised where it was broken. Rows are not validated: schemas are.
    """

    session: Session

    def __init__(self, session: Session, model: type[M]) -> None:
        super().__init__(session, model)

    async def add(self, row: M, *, load: Load = ()) -> M:
        """Store a new row and return it. `load` reads relationships of it along."""
        self.session.add(row)
        return await self._stored(row, load)

    async def add_all(self, rows: Iterable[M]) -> list[M]:
        """Store new rows, many with one statement, and return them."""
        added = list(rows)
        self.session.add_all(added)
        await self._flush()
        return added

    async def update(self, row: M, changes: Changes | None = None, /, *, load: Load = (), **fields: Any) -> M:
        """Set the fields that `changes` gives, and those named here, and return the row.

        Of a schema only what the client sent counts: what it left out, and `MISSING`, stays. Raises `NotFound` when
        the row has been deleted meanwhile.
        """
        for name, value in given(self.model, changes, fields).items():
            setattr(row, name, value)
        return await self._stored(row, load)

    async def update_all(self, changes: Changes, *where: Where, **filters: Any) -> int:
        """Change every row that meets the conditions, in one statement, and return how many did."""
        values = given(self.model, changes, {})
        if not values:
            return await self.count(*where, **filters)
        statement = update(self.model).where(*self._conditions(where, filters)).values(values)
        return await self._run(statement)

    async def delete(self, row: M) -> None:
        """Delete the row. What refers to it is deleted, released or in the way, as the foreign keys say."""
        await self.session.delete(row)
        await self._flush()

    async def delete_all(self, *where: Where, **filters: Any) -> int:
        """Delete every row that meets the conditions, in one statement, and return how many did."""
        return await self._run(delete(self.model).where(*self._conditions(where, filters)))

    async def require_unique(self, *, but: M | None = None, **fields: Any) -> None:
        """Raise `Conflict` naming every one of the fields whose value another row has; `but` is not another row.

        One statement for all of them. It is for the message: a unique constraint is what keeps values unique.
        """
        others = select(self.model)
        if but is not None:
            others = others.where(not_(and_(*(column == getattr(but, column.key) for column in key_of(self.model)))))
        asked = {name: column_of(self.model, name) == value for name, value in fields.items() if value is not None}
        if not asked:
            return
        columns = [others.where(same).exists().label(name) for name, same in asked.items()]
        found = (await self.session.execute(select(*columns))).one()
        taken = [name for name, is_taken in zip(asked, found, strict=True) if is_taken]
        if taken:
            raise Conflict(self.subject, fields=dict.fromkeys(taken, "Already taken."))

    async def ensure(self, row: M) -> M:
        """Return the row that stands with the unique values of `row`: one that was there, or else this one, stored now.

        Safe for any number of callers at once. What was there keeps its values.
        """
        dialect = self.session.get_bind().dialect.name
        same = same_key(row)
        for _ in range(3):  # who was in the way may be gone before it is read
            found = (await self.session.scalars(insert_unless_there(dialect, row))).one_or_none()
            found = found or (await self.session.scalars(select(self.model).where(same).limit(1))).first()
            if found is not None:
                return found
        raise Conflict(self.subject)

    def _conditions(self, where: tuple[Where, ...], filters: dict[str, Any]) -> list[Any]:
        narrowed = self._narrowed(where, filters).whereclause
        return [] if narrowed is None else [narrowed]

    async def _run(self, statement: Any) -> int:
        result: Any = await self.session.execute(statement)
        return result.rowcount

    async def _stored(self, row: M, load: Load) -> M:
        await self._flush()
        if load:
            same = and_(*(column == getattr(row, column.key) for column in key_of(self.model)))
            await self.session.scalars(select(self.model).where(same).options(*options(load)))
        return row

    async def _flush(self) -> None:
        try:
            await self.session.flush()
        except StaleDataError:  # the row is not there any more
            raise NotFound(self.subject) from None
