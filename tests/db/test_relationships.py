"""Relationships: across apps, never loaded by reading, deleted by the database."""

from typing import Any

import pytest
from library.models import Book, BookTag, Chapter, Loan, Note, Room, Tag
from people.models import Person
from pydantic import BaseModel
from sqlalchemy import event, func
from sqlalchemy.orm import selectinload

from framework.db import Database, Repository, Session, col, rel, select
from framework.errors import FrameworkError


async def stored(session: Session) -> Book:
    """A book with an author, a tag, a chapter and a note; nothing of it in the session any more."""
    book = Book(title="Emma", author=Person(name="Jane"), tags=[Tag(name="love")], chapters=[Chapter(number=1)])
    book.notes = [Note(text="good")]
    session.add(book)
    await session.flush()
    session.expunge_all()
    return (await session.exec(select(Book))).one()


@pytest.mark.parametrize("name", ["author", "tags", "chapters", "notes"])
async def test_reading_an_unloaded_relationship_names_it_and_says_how_to_load_it(session: Session, name: str) -> None:
    book = await stored(session)
    with pytest.raises(FrameworkError) as caught:
        getattr(book, name)
    assert caught.value.code == "db.not-loaded"
    assert caught.value.message == f"Book.{name} was not loaded together with the row."
    assert f"load=(Book.{name},)" in str(caught.value.hint)


async def test_the_error_is_the_same_once_the_row_has_left_its_session(library: Database) -> None:
    async with library.session() as session:
        book = await stored(session)
    with pytest.raises(FrameworkError, match=r"Book\.tags was not loaded"):
        _ = book.tags


async def test_refresh_loads_a_relationship_of_a_row_at_hand(session: Session) -> None:
    book = await stored(session)
    await session.refresh(book, ["tags", "author"])
    assert [tag.name for tag in book.tags] == ["love"]
    assert book.author
    assert book.author.name == "Jane"


async def test_a_new_row_has_empty_relationships_until_it_is_stored(session: Session) -> None:
    book = Book(title="Emma")
    assert book.tags == []
    assert book.author is None


async def test_options_of_a_statement_load_too(session: Session) -> None:
    await stored(session)
    session.expunge_all()
    statement = select(Book).options(selectinload(rel(Book.author)).selectinload(rel(Person.books)))
    book = (await session.exec(statement)).one()
    assert book.author
    assert [own.title for own in book.author.books] == ["Emma"]


async def test_the_other_side_of_an_unloaded_relationship_can_be_set(session: Session) -> None:
    book = await stored(session)
    book.author = Person(name="Charlotte")
    await session.flush()
    assert book.author_id == book.author.id
    with pytest.raises(FrameworkError, match=r"Person\.books"):
        _ = (await session.exec(select(Person).where(col(Person.name) == "Jane"))).one().books


async def test_an_order_by_name_sorts_a_collection(session: Session) -> None:
    session.add(Person(name="Jane", books=[Book(title="Emma"), Book(title="Persuasion"), Book(title="Lady Susan")]))
    await session.flush()
    session.expunge_all()
    person = await Repository(session, Person).get(name="Jane", load=(Person.books,))
    assert [book.title for book in person.books] == ["Persuasion", "Lady Susan", "Emma"]


async def test_a_relationship_that_is_not_a_list_is_one_row_from_either_side(session: Session) -> None:
    session.add(Loan(reader=Person(name="Jane")))
    await session.flush()
    session.expunge_all()
    person = await Repository(session, Person).get(name="Jane", load=(Person.loan,))
    assert isinstance(person.loan, Loan)
    assert person.loan.reader_id == person.id


async def test_a_model_relates_to_itself(session: Session) -> None:
    session.add(Room(name="ground", rooms=[Room(name="kitchen"), Room(name="hall")]))
    await session.flush()
    session.expunge_all()
    rooms = Repository(session, Room)
    ground = await rooms.get(name="ground", load=(Room.rooms,))
    assert [room.name for room in ground.rooms] == ["hall", "kitchen"]
    hall = await rooms.get(name="hall", load=(Room.floor,))
    assert hall.floor is ground
    assert [room.name for room in await rooms.all(floor__name="ground", order="name")] == ["hall", "kitchen"]


@pytest.mark.parametrize("loaded", [False, True], ids=["not loaded", "loaded"])
async def test_two_relationships_to_one_model_go_by_their_own_keys(session: Session, loaded: bool) -> None:
    jane = Person(name="Jane")
    session.add_all([Room(name="hers", owner=jane), Room(name="kept", keeper=jane)])
    await session.flush()
    session.expunge_all()
    people, rooms = Repository(session, Person), Repository(session, Room)
    jane = await people.get(name="Jane", load=(Person.owned, Person.kept) if loaded else ())
    if loaded:
        assert ([room.name for room in jane.owned], [room.name for room in jane.kept]) == (["hers"], ["kept"])
    await people.delete(jane)
    session.expunge_all()
    assert [(room.name, room.keeper_id) for room in await rooms.all()] == [("kept", None)]


@pytest.mark.parametrize("loaded", [False, True], ids=["not loaded", "loaded"])
async def test_deleting_a_row_leaves_its_collections_to_the_database(session: Session, loaded: bool) -> None:
    book = await stored(session)
    if loaded:
        await session.refresh(book, ["chapters", "notes", "tags"])
    statements: list[str] = []
    engine: Any = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    await Repository(session, Book).delete(book)
    if not loaded:
        assert [statement.split()[0] for statement in statements] == ["DELETE"]
    session.expunge_all()
    for model in (Book, Chapter, BookTag):
        assert (await session.exec(select(func.count()).select_from(model))).one() == 0
    assert [note.book_id for note in (await session.exec(select(Note))).all()] == [None]


async def test_deleting_an_author_deletes_books_that_were_loaded_as_the_key_says(session: Session) -> None:
    book = await stored(session)
    await session.refresh(book, ["author"])
    author = book.author
    assert author
    await session.refresh(author, ["books"])
    await Repository(session, Person).delete(author)
    session.expunge_all()
    assert (await session.exec(select(Book))).all() == []


async def test_a_schema_that_reads_an_unloaded_relationship_hears_of_it(session: Session) -> None:
    class BookRead(BaseModel):
        title: str
        tags: list[Any]

    book = await stored(session)
    with pytest.raises(ValueError, match=r"Book\.tags was not loaded"):
        BookRead.model_validate(book, from_attributes=True)
