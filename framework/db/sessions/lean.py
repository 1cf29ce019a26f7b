"""Statements that every request runs: compiled once, and run by the driver's own cursor.

SQLAlchemy's way from a statement to rows costs several times what the driver does for a row by its key. It is left out
here, and taken where it does something: where somebody listens to statements, as our own time limit on SQLite does, or
has them logged; and for every error, which it knows how to put.
"""

from collections.abc import Callable, Mapping, Sequence
from operator import itemgetter
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Engine
from sqlalchemy.engine import Row

__all__ = ["LeanReads"]

type Rows = Sequence[Row[Any]] | Sequence[Sequence[Any]]


class Compiled:
    """A statement as one driver takes it, with what turns values into its own and back."""

    def __init__(self, statement: Any, engine: Engine) -> None:
        dialect = engine.dialect
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        names: list[str] = list(compiled.positiontup or ())
        self._values: Callable[[Mapping[str, Any]], tuple[Any, ...]] = values_of(names)
        binds = [compiled.binds[name].type.dialect_impl(dialect).bind_processor(dialect) for name in names]
        self._binds = binds if any(binds) else None
        self._types = [column.type.dialect_impl(dialect) for column in statement.selected_columns]
        self._dialect = dialect
        self._results: list[tuple[int, Callable[[Any], Any]]] | None = None

    def parameters(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        """Return values by name as the driver takes them."""
        found = self._values(values)
        if self._binds is None:
            return found
        return tuple(bind(value) if bind else value for bind, value in zip(self._binds, found, strict=True))

    def rows(self, found: Sequence[Sequence[Any]], description: Sequence[Sequence[Any]]) -> Sequence[Sequence[Any]]:
        """Return what the driver gave as the columns' types have it; `description` names the driver's own types."""
        if self._results is None:
            kinds = zip(self._types, description, strict=True)
            processes = [type_.result_processor(self._dialect, each[1]) for type_, each in kinds]
            self._results = [(place, process) for place, process in enumerate(processes) if process is not None]
        if not self._results:
            return found
        rows = [list(row) for row in found]
        for row in rows:
            for place, process in self._results:
                row[place] = process(row[place])
        return rows


class LeanReads:
    """Runs statements on one engine, which has to be in autocommit."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._compiled: WeakKeyDictionary[Any, Compiled] = WeakKeyDictionary()

    def rows(self, statement: Any, values: Mapping[str, Any]) -> Rows:
        """Return all rows of a statement of columns."""
        engine = self._engine
        dispatch: Any = engine.dispatch
        if dispatch.before_cursor_execute or dispatch.after_cursor_execute or dispatch.before_execute or engine.echo:
            return self._ordinary(statement, values)
        try:
            compiled = self._compiled.get(statement)
            if compiled is None:
                compiled = self._compiled[statement] = Compiled(statement, engine)
            return self._read(compiled, values)
        except Exception:  # whatever it is, the ordinary way says it as it says all others
            return self._ordinary(statement, values)

    def _read(self, compiled: Compiled, values: Mapping[str, Any]) -> Rows:
        connection = self._engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(compiled.text, compiled.parameters(values))
            found, description = cursor.fetchall(), cursor.description
            cursor.close()
        except BaseException as error:
            if not isinstance(error, Exception):  # cancelled: the answer is still on its way
                connection.invalidate(error)
            raise
        finally:
            connection.close()
        return compiled.rows(found, description)

    def _ordinary(self, statement: Any, values: Mapping[str, Any]) -> Rows:
        with self._engine.connect() as connection:
            return connection.execute(statement, values).all()


def values_of(names: Sequence[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    """Return what takes the values of `names` out of a mapping, in order."""
    if len(names) > 1:
        return itemgetter(*names)
    return lambda values: tuple(values[name] for name in names)
