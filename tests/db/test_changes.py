"""What committed transactions are said to have changed: how it was changed, widening, and when it is told."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, delete, insert, literal_column, text, update
from sqlmodel import SQLModel, select

from framework.db import Changes, ConstraintInvalid, Database, DatabaseSettings, Repository, Session
from framework.db.changes.effects import writes
from framework.errors import Conflict

type Heard = list[dict[str, set[Any] | None]]


@pytest.fixture
def heard(library: Database) -> Heard:
    """What the database told, a mapping a commit."""
    told: Heard = []

    def hear(changes: Changes) -> None:
        told.append({table: None if keys is None else set(keys) for table, keys in changes.tables.items()})

    library.on_change(hear)
    return told


@pytest.fixture
def models() -> Any:
    import library.models

    return library.models


@pytest.fixture
def person() -> Any:
    from people.models import Person

    return Person


async def stored(database: Database, *rows: SQLModel) -> None:
    async with database.session() as session:
        session.add_all(rows)


# How it was changed ------------------------------------------------------------------------------------------------


async def test_a_flush_tells_the_rows_it_inserts_updates_and_deletes(
    library: Database, heard: Heard, models: Any
) -> None:
    await stored(library, models.Tag(name="a"), models.Tag(name="b"))
    async with library.session() as session:
        first = await session.get_one(models.Tag, 1)
        await session.get_one(models.Tag, 2)  # read, and not changed
        first.name = "c"
    async with library.session() as session:
        await session.delete(await session.get_one(models.Tag, 2))
    assert heard[0] == {"library_tag": {(1,), (2,)}}
    assert heard[1] == {"library_tag": {(1,)}}
    assert heard[2]["library_tag"] == {(2,)}


async def test_a_flush_tells_a_changed_key_before_and_after(library: Database, heard: Heard, models: Any) -> None:
    await stored(library, models.Tag(name="a"))
    async with library.session() as session:
        (await session.get_one(models.Tag, 1)).id = 7
    assert heard[1]["library_tag"] == {(1,), (7,)}


async def test_a_flush_tells_the_rows_that_a_relationship_releases(
    library: Database, heard: Heard, models: Any
) -> None:
    await stored(library, models.Note(text="n", book=models.Book(title="b")), models.Note(text="other"))
    async with library.session() as session:
        note = (await session.exec(select(models.Note).where(models.Note.book_id == 1))).one()
        other = (await session.exec(select(models.Note).where(models.Note.text == "other"))).one()
        book = (await session.exec(select(models.Book))).one()
        await session.refresh(book, ["notes"])
        other.text = "changed"
        book.notes.remove(note)
    assert heard[1] == {"library_note": {(note.id,), (other.id,)}}


type Change = Callable[[Session, Any], Awaitable[object]]

STATEMENTS: dict[str, Change] = {
    "core insert": lambda session, shelf: session.execute(insert(shelf.__table__).values(label="x")),
    "bulk insert": lambda session, shelf: session.execute(insert(shelf), [{"label": "x"}, {"label": "y"}]),
    "bulk update": lambda session, shelf: session.execute(update(shelf).values(label="x")),
    "bulk update by key": lambda session, shelf: session.execute(update(shelf), [{"id": 1, "label": "x"}]),
    "upsert": lambda session, shelf: Repository(session, shelf).ensure(shelf(id=1, label="x")),
    "update of an alias": lambda session, shelf: session.execute(update(shelf.__table__.alias()).values(label="x")),
    "insert from select": lambda session, shelf: session.execute(
        insert(shelf).from_select(["label"], select(literal_column("'x'")))
    ),
    "delete": lambda session, shelf: session.execute(delete(shelf)),
    "repository": lambda session, shelf: Repository(session, shelf).update_all({"label": "x"}, id=1),
    "bulk_save_objects": lambda session, shelf: session.run_sync(
        lambda sync: sync.bulk_save_objects([shelf(label="x")])
    ),
}


async def test_a_statement_that_is_no_flush_tells_the_model(library: Database, heard: Heard, models: Any) -> None:
    await stored(library, models.Shelf(label="a"))
    for how, change in STATEMENTS.items():
        heard.clear()
        async with library.session() as session:
            session.add(models.Shelf(label="by flush"))
            await session.flush()
            await change(session, models.Shelf)
            session.add(models.Shelf(label="by flush as well"))
        assert (how, heard) == (how, [{"shelf": None}])


async def test_a_statement_in_a_cte_is_seen(library: Database, heard: Heard, models: Any) -> None:
    if library.url.backend == "sqlite":  # has no such statement; its own is an update with a CTE, seen as any
        return
    await stored(library, models.Tag(name="a"), models.Shelf(label="s"))
    async with library.session() as session:
        gone = delete(models.Shelf).returning(models.Shelf.label).cte("gone")
        inner = select(gone.c.label).cte("inner")
        assert (await session.execute(select(inner.c.label))).scalars().all() == ["s"]
        changed = update(models.Tag).values(name="z").cte("changed")
        await session.execute(select(literal_column("1")).add_cte(changed))
    assert set(heard[1]) >= {"shelf", "library_tag"}


async def test_reading_tells_nothing(library: Database, heard: Heard, models: Any) -> None:
    async with library.session() as session, library.read_session() as reading:
        await session.exec(select(models.Tag))
        await reading.exec(select(models.Tag).where(text("1 = 1")))
        await session.execute(text("SELECT 1"))
    assert heard == []


async def test_a_connection_without_a_session_is_heard(library: Database, heard: Heard, models: Any) -> None:
    async with library.engine.begin() as connection:
        await connection.execute(insert(models.Shelf.__table__).values(label="s"))
        assert heard == []
    await library.dispose()
    assert heard == [{"shelf": None}]
    with pytest.raises(LookupError):  # noqa: PT012
        async with library.engine.begin() as connection:
            await connection.execute(delete(models.Shelf.__table__))
            raise LookupError
    await library.dispose()
    assert len(heard) == 1


async def test_a_connection_in_autocommit_is_heard(library: Database, heard: Heard, models: Any) -> None:
    async with library.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(insert(models.Shelf.__table__).values(label="s"))
    await library.dispose()
    assert heard == [{"shelf": None}]


# Widening ----------------------------------------------------------------------------------------------------------


async def test_on_delete_widens_to_what_the_database_deletes_or_releases(
    library: Database, heard: Heard, models: Any, person: Any
) -> None:
    await stored(library, person(name="p"))
    async with library.session() as session:
        await session.execute(delete(person).where(person.id == 1))
    assert heard[1] == {
        "folk": None,
        "library_book": None,  # CASCADE, and from there:
        "library_book_tag": None,
        "library_tag": None,
        "library_chapter": None,
        "library_note": None,  # SET NULL
        "library_loan": None,
        "library_room": None,
    }


async def test_inserting_and_updating_widen_to_nothing_without_on_update(
    library: Database, heard: Heard, person: Any
) -> None:
    await stored(library, person(name="p"))
    async with library.session() as session:
        (await session.get_one(person, 1)).name = "q"
    assert heard == [{"folk": {(1,)}}, {"folk": {(1,)}}]


def test_on_update_widens_updates() -> None:
    from sqlalchemy import Column, ForeignKey, Integer, MetaData

    from framework.db.changes.cascades import Cascades
    from framework.db.changes.log import Entry

    metadata = MetaData()
    Table("a", metadata, Column("id", Integer, primary_key=True))
    Table("b", metadata, Column("a_id", ForeignKey("a.id", onupdate="CASCADE"), primary_key=True))
    Table("c", metadata, Column("b_id", ForeignKey("b.a_id", onupdate="cascade")))
    Table("d", metadata, Column("a_id", ForeignKey("a.id")))
    cascades = Cascades(metadata)
    assert set(cascades.widen([Entry("a", "update", (1,))]).tables) == {"a", "b", "c"}
    assert set(cascades.widen([Entry("a", "insert", (1,))]).tables) == {"a"}
    Table("e", metadata, Column("d", ForeignKey("a.id", ondelete="SET DEFAULT")))
    assert set(cascades.widen([Entry("a", "delete")]).tables) == {"a", "b", "c", "e"}


async def test_a_row_of_a_link_table_changes_the_rows_it_links(library: Database, heard: Heard, models: Any) -> None:
    await stored(library, models.Book(title="b"), models.Tag(name="t"))
    await stored(library, models.BookTag(book_id=1, tag_id=1))
    assert heard[1] == {"library_book_tag": {(1, 1)}, "library_book": {(1,)}, "library_tag": {(1,)}}


async def test_a_relationship_through_a_link_table_changes_both_ends(
    library: Database, heard: Heard, models: Any
) -> None:
    await stored(library, models.Book(title="b"), models.Tag(name="t"))
    async with library.session() as session:
        book, tag = await session.get_one(models.Book, 1), await session.get_one(models.Tag, 1)
        await session.refresh(book, ["tags"])
        book.tags.append(tag)
    assert heard[1] == {"library_book_tag": None, "library_book": None, "library_tag": None}


# When it is told ---------------------------------------------------------------------------------------------------


async def test_nothing_is_told_before_the_commit_and_everything_before_the_hooks(
    library: Database, models: Any
) -> None:
    order: list[str] = []

    async def hear(changes: Changes) -> None:
        await asyncio.sleep(0)
        order.append("told")

    library.on_change(hear)
    async with library.session() as session:
        session.on_commit(lambda: order.append("hook"))
        session.add(models.Tag(name="a"))
        await session.flush()
        assert order == []
        await session.commit()
        assert order == ["told", "hook"]
        async with session.begin():
            session.add(models.Tag(name="b"))
        assert order == ["told", "hook", "told"]


async def test_what_is_rolled_back_is_never_told(library: Database, heard: Heard, models: Any) -> None:
    with pytest.raises(LookupError):  # noqa: PT012
        async with library.session() as session:
            session.add(models.Tag(name="a"))
            await session.flush()
            session.touch(models.Book)
            raise LookupError
    async with library.session() as session:
        session.add(models.Tag(name="a"))
        await session.flush()
        await session.rollback()
        session.add(models.Shelf(label="s"))
    assert heard == [{"shelf": {(1,)}}]


async def test_a_savepoint_takes_back_its_own(library: Database, heard: Heard, models: Any) -> None:
    async with library.session() as session:
        for number in range(2):  # the second time, the statements of savepoints are compiled already
            session.add(models.Tag(name=f"kept {number}"))
            async with session.begin_nested():
                session.add(models.Shelf(label="kept"))
                with pytest.raises(Conflict):  # noqa: PT012
                    async with session.begin_nested():
                        session.add(models.Book(title="lost"))
                        await session.flush()
                        session.add(models.Tag(name=f"kept {number}"))
                        await session.flush()
    async with library.read_session() as reading:
        tags = {(key,) for key in await reading.scalars(select(models.Tag.id))}
    assert heard == [{"library_tag": tags, "shelf": {(1,), (2,)}}]


async def test_a_commit_that_fails_tells_nothing(database: Database) -> None:
    from depot.models import Receipt

    told: list[Changes] = []
    database.on_change(told.append)
    with pytest.raises(ConstraintInvalid):
        async with database.session() as session:
            session.add(Receipt(product_id=99))  # checked at the commit
    await database.dispose()
    assert told == []


async def test_a_callback_that_fails_is_logged_and_keeps_the_others_in(
    library: Database, models: Any, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[Changes] = []

    def broken(changes: Changes) -> None:
        raise LookupError

    library.on_change(broken)
    library.on_change(told.append)
    await stored(library, models.Tag(name="a"))
    assert len(told) == 1
    assert "A callback for changes failed after the commit" in caplog.text


async def test_a_cancelled_request_tells_what_it_committed(library: Database, heard: Heard, models: Any) -> None:
    async def work() -> None:
        async with library.session() as session:
            session.add(models.Tag(name="a"))
            await session.flush()
            asyncio.get_running_loop().call_soon(task.cancel)

    task = asyncio.create_task(work())
    with pytest.raises(asyncio.CancelledError):
        await task
    async with library.read_session() as reading:
        assert len(heard) == len((await reading.exec(select(models.Tag))).all())


# touch -------------------------------------------------------------------------------------------------------------


async def test_touch_tells_a_model_or_a_row(library: Database, heard: Heard, models: Any) -> None:
    await stored(library, models.Shelf(label="a"))
    async with library.session() as session:
        session.touch(await session.get_one(models.Shelf, 1))
    async with library.session() as session:
        session.touch(models.Shelf)  # before any statement
    assert heard[1:] == [{"shelf": {(1,)}}, {"shelf": None}]


async def test_a_savepoint_takes_back_a_touch(library: Database, heard: Heard, models: Any) -> None:
    async with library.session() as session:
        session.add(models.Tag(name="a"))
        async with session.begin_nested() as savepoint:
            await session.execute(text("UPDATE shelf SET label = 'x'"))
            session.touch(models.Shelf)
            await savepoint.rollback()
    assert heard == [{"library_tag": {(1,)}}]


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("UPDATE shelf SET label = 'x'", True),
        ("/* why */ insert into shelf (label) values ('x')", True),
        ("-- why\nTRUNCATE shelf", True),
        ("WITH a AS (SELECT 1) UPDATE shelf SET label = 'x'", True),
        ("WITH a AS (DELETE FROM shelf RETURNING id) SELECT * FROM a", True),
        ("WITH a AS (SELECT 1) SELECT * FROM shelf FOR UPDATE", False),
        ("WITH a AS (SELECT 1) SELECT * FROM shelf FOR NO KEY UPDATE OF shelf", False),
        ("SELECT updated FROM shelf", False),
        ("SELECT 'delete from' AS x", False),
    ],
)
def test_text_that_writes_is_known_by_its_verbs(sql: str, found: bool) -> None:
    assert writes(sql) is found


async def test_text_that_writes_warns_in_debug_unless_it_was_told(
    database_url: str, library: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture, models: Any
) -> None:
    sql = "UPDATE shelf SET label = 'x'"
    debugged = Database(DatabaseSettings(url=database_url), tmp_path, debug=True)
    for database in (library, debugged):
        database.on_change(lambda changes: None)
    async with debugged.session() as session:
        await session.execute(text(sql))
        session.touch(models.Shelf)
        await session.commit()
        await session.execute(text("SELECT 1"))
    async with library.session() as session:
        await session.execute(text(sql))
    assert caplog.text == ""
    async with debugged.session() as session:
        await session.execute(text(sql))
    async with debugged.engine.begin() as connection:
        await connection.exec_driver_sql(sql)
    await debugged.dispose()
    assert caplog.text.count("db.untold-change") == 2


# Changes -----------------------------------------------------------------------------------------------------------


async def test_changes_answer_for_models_and_rows(library: Database, models: Any) -> None:
    told: list[Changes] = []
    library.on_change(told.append)
    one, two = models.Tag(name="a"), models.Tag(name="b")
    await stored(library, one)
    assert models.Tag in told[0]
    assert models.Book not in told[0]
    assert one in told[0]
    await stored(library, two)
    assert one not in told[1]
    assert told[1].keys(models.Tag) == {(2,)}
    async with library.session() as session:
        await session.execute(update(models.Tag).values(name=models.Tag.name + "!"))
    assert told[2].keys(models.Tag) is None
    assert one in told[2]
