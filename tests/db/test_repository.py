"""Repositories: reads, writes, uniqueness and `ensure`, on both databases."""

import asyncio
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from library.models import Book, Chapter, Genre, Note, Tag
from people.models import Person
from pydantic import MISSING, BaseModel, ValidationError
from sqlalchemy import event
from sqlmodel.sql.expression import SelectOfScalar

from framework import Project, Settings
from framework.db import (
    Database,
    DatabaseSettings,
    Filters,
    ReadRepository,
    ReadSession,
    Repository,
    Session,
    col,
    select,
)
from framework.errors import Conflict, DomainError, FrameworkError, Invalid, NotFound


@pytest.fixture
def books(session: Session) -> Repository[Book]:
    return Repository(session, Book)


@pytest.fixture
def tags(session: Session) -> Repository[Tag]:
    return Repository(session, Tag)


@pytest.fixture
def people(session: Session) -> Repository[Person]:
    return Repository(session, Person)


def count_statements(session: ReadSession) -> list[str]:
    statements: list[str] = []
    engine: Any = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    return statements


# Reading -----------------------------------------------------------------------------------------------------------


async def test_get_returns_a_row_by_key_and_raises_not_found(books: Repository[Book]) -> None:
    book = await books.add(Book(title="Emma"))
    assert await books.get(book.id) is book
    with pytest.raises(NotFound) as caught:
        await books.get(book.id + 1)
    assert (caught.value.subject, caught.value.detail) == ("book", "Book not found.")


@pytest.mark.parametrize("key", [2**31, -(2**31) - 1, 2**63, 10**40])
async def test_a_key_that_no_column_can_hold_is_not_found(books: Repository[Book], key: int) -> None:
    with pytest.raises(NotFound):
        await books.get(key)


async def test_get_by_fields_raises_for_none_and_for_several(books: Repository[Book]) -> None:
    emma = await books.add(Book(title="Emma", pages=474))
    assert await books.get(title="Emma") is emma
    with pytest.raises(NotFound):
        await books.get(title="Ulysses")
    await books.add(Book(title="Emma"))
    with pytest.raises(FrameworkError) as caught:
        await books.get(title="Emma")
    assert caught.value.code == "db.several"
    assert caught.value.message == "More than one book has this title."


async def test_get_wants_a_key_or_fields(books: Repository[Book]) -> None:
    with pytest.raises(TypeError, match="a primary key or conditions"):
        await books.get()
    with pytest.raises(TypeError, match="a primary key or conditions"):
        await books.get(1, title="Emma")


async def test_keys_of_several_columns_and_of_uuids(session: Session, books: Repository[Book]) -> None:
    from library.models import BookTag

    book = await books.add(Book(title="Emma", tags=[Tag(name="love")]))
    link = await Repository(session, BookTag).get((book.id, book.tags[0].id))
    assert link.tag_id == book.tags[0].id
    note = await Repository(session, Note).add(Note(text="good"))
    assert (await Repository(session, Note).get(note.id)).text == "good"


async def test_find_returns_the_first_in_order_or_none(books: Repository[Book]) -> None:
    await books.add_all([Book(title="A", pages=1), Book(title="B", pages=2)])
    found = await books.find(order="-pages")
    assert found
    assert found.title == "B"
    assert await books.find(title="C") is None


async def test_rows_without_a_value_come_last_in_every_order(books: Repository[Book]) -> None:
    await books.add_all([Book(title="none"), Book(title="one", pages=1), Book(title="two", pages=2)])
    assert [book.title for book in await books.all(order="pages")] == ["one", "two", "none"]
    assert [book.title for book in await books.all(order="-pages")] == ["two", "one", "none"]


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        ({"title": "Emma"}, ["Emma"]),
        ({"pages": None}, ["100% Wool"]),
        ({"pages__isnull": False}, ["Emma", "Ulysses"]),
        ({"pages__gt": 474}, ["Ulysses"]),
        ({"pages__gte": 474, "pages__lt": 1000}, ["Emma", "Ulysses"]),
        ({"pages__lte": 474}, ["Emma"]),
        ({"id__in": []}, []),
        ({"title__in": ("Emma", "Ulysses")}, ["Emma", "Ulysses"]),
        ({"title__icontains": "MM"}, ["Emma"]),
        ({"title__icontains": "%"}, ["100% Wool"]),
        ({"title__icontains": "_"}, []),
        ({"title__istartswith": "e"}, ["Emma"]),
        ({"title__iexact": "emma"}, ["Emma"]),
        ({"title__iexact": "100% wool"}, ["100% Wool"]),
        ({"title__iexact": "100__wool"}, []),
        ({"pages__icontains": "47"}, ["Emma"]),
        ({"author__name": "Jane"}, ["Emma"]),
        ({"author__name__icontains": "j"}, ["Emma", "Ulysses"]),
        ({"tags__name": "love"}, ["Emma"]),
        ({"tags__books__author__name": "James"}, ["Ulysses"]),
        ({"genre": Genre.VERSE}, ["100% Wool"]),
        ({"pages": 2**31}, []),
        ({"pages__lt": 2**40}, ["Emma", "Ulysses"]),
    ],
)
async def test_conditions_by_name(books: Repository[Book], filters: dict[str, Any], titles: list[str]) -> None:
    await books.add_all(
        [
            Book(title="Emma", pages=474, author=Person(name="Jane"), tags=[Tag(name="love")]),
            Book(title="Ulysses", pages=736, author=Person(name="James"), tags=[Tag(name="day")]),
            Book(title="100% Wool", genre=Genre.VERSE),
        ]
    )
    assert [book.title for book in await books.all(**filters)] == titles
    assert await books.count(**filters) == len(titles)
    assert await books.exists(**filters) is bool(titles)


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"titel": 1}, "Book has no field 'titel'. Did you mean 'title'?"),
        ({"title__contain": 1}, "There is no lookup 'contain'. Did you mean 'icontains'?"),
        ({"author__nam": 1}, "Person has no field 'nam'. Did you mean 'name'?"),
        ({"author": 1}, "Book has no field 'author'. Did you mean 'author_id'?"),
        ({"pages": 2**63}, "Is out of range."),
        ({"title": "a\0"}, "Must not contain a NUL character."),
        ({"created_at__gt": datetime(2026, 1, 1)}, "Needs a time zone."),  # noqa: DTZ001
    ],
)
async def test_conditions_that_make_no_sense_are_invalid(
    books: Repository[Book], filters: dict[str, Any], message: str
) -> None:
    with pytest.raises(Invalid) as caught:
        await books.all(**filters)
    assert list(caught.value.fields.values()) == [message]


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("titel", "Book has no field 'titel'. Did you mean 'title'?"),
        ("title,-", "'title,-' has an empty name in it."),
        ("author", "Book has no field 'author'. Did you mean 'author_id'?"),
    ],
)
async def test_an_unknown_order_is_invalid(books: Repository[Book], order: str, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        await books.all(order=order)
    assert dict(caught.value.fields) == {"order": message}


async def test_expressions_filters_and_names_combine(books: Repository[Book]) -> None:
    class BookFilters(Filters):
        pages__gte: int | None = None

    await books.add_all([Book(title="A", pages=1), Book(title="A", pages=2), Book(title="B", pages=2)])
    found = await books.all(col(Book.title) == "A", BookFilters(pages__gte=2), id__gt=0)
    assert [(book.title, book.pages) for book in found] == [("A", 2)]


async def test_load_costs_one_statement_for_each_collection(session: Session, books: Repository[Book]) -> None:
    await books.add_all([Book(title=t, author=Person(name=t), tags=[Tag(name=t)], chapters=[]) for t in "ABC"])
    session.expunge_all()
    statements = count_statements(session)
    found = await books.all(load=(Book.tags, Book.chapters, (Book.author, Person.loan)))
    assert [(book.author.name, book.tags[0].name, book.chapters) for book in found if book.author] == [
        ("A", "A", []),
        ("B", "B", []),
        ("C", "C", []),
    ]
    assert len(statements) == 3


async def test_load_takes_relationships_only(books: Repository[Book]) -> None:
    with pytest.raises(FrameworkError) as caught:
        await books.all(load=(Book.title,))
    assert caught.value.code == "db.load"


async def test_load_fills_a_row_that_was_read_before(session: Session, books: Repository[Book]) -> None:
    book = await books.add(Book(title="Emma", tags=[Tag(name="love")]))
    session.expunge_all()
    bare = await books.get(book.id)
    assert [tag.name for tag in (await books.get(book.id, load=(Book.tags,))).tags] == ["love"]
    assert bare.tags


async def test_a_repository_can_be_narrowed(session: Session) -> None:
    class LongBooks(Repository[Book]):
        def select(self) -> SelectOfScalar[Book]:
            return super().select().where(col(Book.pages) > 500)

    books = LongBooks(session, Book)
    await books.add_all([Book(title="Emma", pages=474), Book(title="Ulysses", pages=736)])
    assert await books.count() == 1
    assert (await books.page()).total == 1
    with pytest.raises(NotFound):
        await books.get(title="Emma")
    assert await books.delete_all() == 1
    assert [book.title for book in await Repository(session, Book).all()] == ["Emma"]


async def test_a_read_repository_reads_through_a_read_session(library: Database) -> None:
    async with library.session() as session:
        await Repository(session, Book).add(Book(title="Emma", tags=[Tag(name="love")]))
    async with library.read_session() as session:
        books = ReadRepository(session, Book)
        assert [book.title for book in await books.all(load=(Book.tags,))] == ["Emma"]
        assert (await books.page()).total == 1
        assert await books.exists(title="Emma")
        assert not hasattr(books, "add")


# Writing -----------------------------------------------------------------------------------------------------------


async def test_a_decimal_says_the_same_before_and_after_it_was_stored(
    session: Session, books: Repository[Book]
) -> None:
    book = await books.add(Book(title="Emma", price=Decimal("1.005")))
    said = book.price
    await session.commit()
    await session.refresh(book)
    assert book.price == said == Decimal("1.01")


async def test_a_write_brings_back_what_the_database_gave(books: Repository[Book]) -> None:
    book = await books.add(Book(title="Emma"))
    assert book.id > 0
    assert book.price == Decimal("1.50")
    made, before = book.created_at, book.updated_at
    assert made.tzinfo is UTC
    await asyncio.sleep(0.001)
    await books.update(book, title="Emma II")
    assert book.updated_at > before
    assert book.created_at == made
    unchanged = book.updated_at
    await books.update(book, title="Emma II")
    assert book.updated_at == unchanged


async def test_moments_are_utc_on_both_databases(session: Session, books: Repository[Book]) -> None:
    there = datetime.fromisoformat("2026-01-31T10:30:00+02:00")
    book = await books.add(Book(title="Emma", created_at=there))
    session.expunge_all()
    again = await books.get(book.id)
    assert again.created_at == there
    assert again.created_at.utcoffset() == timedelta(0)
    assert '"created_at":"2026-01-31T08:30:00.000000Z"' in again.model_dump_json()


async def test_add_and_update_can_load(session: Session, books: Repository[Book], people: Repository[Person]) -> None:
    jane = await people.add(Person(name="Jane"))
    book = await books.add(Book(title="Emma", author_id=jane.id), load=(Book.author, Book.tags))
    assert book.author is jane
    assert book.tags == []
    await books.update(book, title="Emma II", load=(Book.chapters,))
    assert book.chapters == []


class BookChange(BaseModel):
    title: str | MISSING = MISSING
    pages: int | MISSING | None = MISSING
    draft: bool = True


async def test_update_sets_only_what_was_given(books: Repository[Book]) -> None:
    book = await books.add(Book(title="Emma", pages=474))
    await books.update(book, BookChange.model_validate({"title": "Emma II"}))
    assert (book.title, book.pages) == ("Emma II", 474)
    await books.update(book, BookChange(pages=None))
    assert (book.title, book.pages) == ("Emma II", None)
    await books.update(book, {"title": "Emma", "pages": MISSING}, genre=Genre.VERSE)
    assert (book.title, book.pages, book.genre) == ("Emma", None, Genre.VERSE)
    with pytest.raises(ValidationError):
        BookChange.model_validate({"title": None})


async def test_update_refuses_a_field_that_the_model_has_not(books: Repository[Book]) -> None:
    book = await books.add(Book(title="Emma"))
    with pytest.raises(FrameworkError) as caught:
        await books.update(book, BookChange(draft=False))
    assert caught.value.code == "db.unknown-change"
    with pytest.raises(FrameworkError, match=r"'titel' to change\.\n  Hint: Did you mean 'title'\?"):
        await books.update_all({"titel": "x"})


async def test_a_row_that_is_gone_cannot_be_changed(library: Database) -> None:
    async with library.session() as session:
        book = await Repository(session, Book).add(Book(title="Emma"))
    async with library.session() as session:
        await Repository(session, Book).delete_all()
    session = library.session()
    session.add(book)
    with pytest.raises(NotFound):
        await Repository(session, Book).update(book, title="Emma II")
    await session.close()


async def test_all_of_a_kind_is_changed_in_one_statement(session: Session, books: Repository[Book]) -> None:
    added = await books.add_all([Book(title=title, pages=pages) for title, pages in (("A", 1), ("B", 2), ("C", 3))])
    before = [book.updated_at for book in added]
    statements = count_statements(session)
    assert await books.update_all({"title": "Z"}, pages__gte=2) == 2
    assert len(statements) == 1
    assert [book.title for book in added] == ["A", "Z", "Z"]
    session.expunge_all()
    again = await books.all()
    assert [book.title for book in again] == ["A", "Z", "Z"]
    assert again[0].updated_at == before[0]
    assert again[1].updated_at > before[1]
    assert await books.update_all({}, pages__gte=2) == 2


async def test_changes_at_hand_come_before_those_of_a_kind(session: Session, books: Repository[Book]) -> None:
    book = await books.add(Book(title="A"))
    book.title = "B"
    session.add(Book(title="B"))
    assert await books.update_all({"pages": 3}, title="B") == 2
    book.title = "C"
    assert await books.delete_all(title="C") == 1


async def test_all_of_a_kind_is_deleted_in_one_statement(session: Session, books: Repository[Book]) -> None:
    await books.add_all([Book(title=title, chapters=[Chapter(number=1)]) for title in "ABC"])
    assert await books.delete_all(col(Book.title) != "B") == 2
    assert [book.title for book in await books.all()] == ["B"]
    assert await Repository(session, Chapter).count() == 1


async def test_many_rows_are_added_with_few_statements(session: Session, tags: Repository[Tag]) -> None:
    statements = count_statements(session)
    added = await tags.add_all(Tag(name=f"tag {number}") for number in range(500))
    assert len({tag.id for tag in added}) == 500
    if session.get_bind().dialect.name == "postgresql":  # SQLite is in this process, and returns keys in no order
        assert len(statements) == 1


async def test_a_taken_value_is_a_conflict_and_a_savepoint_survives_it(session: Session, tags: Repository[Tag]) -> None:
    await tags.add(Tag(name="love"))
    with pytest.raises(Conflict):
        async with session.begin_nested():
            await tags.add(Tag(name="love"))
    await tags.add(Tag(name="hate"))
    assert await tags.count() == 2


# Uniqueness --------------------------------------------------------------------------------------------------------


async def test_require_unique_names_every_taken_field_in_one_statement(
    session: Session, people: Repository[Person]
) -> None:
    jane = await people.add(Person(name="Jane", email="jane@example.com"))
    james = await people.add(Person(name="James", email="james@example.com"))
    statements = count_statements(session)
    with pytest.raises(Conflict) as caught:
        await people.require_unique(name="Jane", email="james@example.com")
    assert dict(caught.value.fields) == {"name": "Already taken.", "email": "Already taken."}
    assert caught.value.subject == "person"
    assert len(statements) == 1
    await people.require_unique(but=jane, name="Jane", email="jane@example.com")
    with pytest.raises(Conflict) as caught:
        await people.require_unique(but=james, name="Jane", email="james@example.com")
    assert dict(caught.value.fields) == {"name": "Already taken."}


async def test_require_unique_asks_nothing_of_missing_values(session: Session, people: Repository[Person]) -> None:
    await people.add(Person(name="Jane"))
    statements = count_statements(session)
    await people.require_unique(email=None)
    assert statements == []


async def test_require_unique_refuses_an_unknown_field(people: Repository[Person]) -> None:
    with pytest.raises(Invalid, match="Some values"):
        await people.require_unique(nam="Jane")


# ensure ------------------------------------------------------------------------------------------------------------


async def test_ensure_stores_a_row_or_returns_the_one_that_stands(tags: Repository[Tag]) -> None:
    first = await tags.ensure(Tag(name="love"))
    assert first.id > 0
    assert await tags.ensure(Tag(name="love")) is first
    assert await tags.count() == 1


async def test_ensure_leaves_what_was_there_and_finds_it_by_any_unique_key(people: Repository[Person]) -> None:
    jane = await people.add(Person(name="Jane", email="jane@example.com"))
    assert await people.ensure(Person(name="Other", email="jane@example.com")) is jane
    assert await people.ensure(Person(name="Jane")) is jane
    assert jane.email == "jane@example.com"


async def test_ensure_finds_by_several_columns_and_fills_defaults(session: Session, books: Repository[Book]) -> None:
    book = await books.add(Book(title="Emma"))
    chapters = Repository(session, Chapter)
    one = await chapters.ensure(Chapter(book_id=book.id, number=1))
    assert await chapters.ensure(Chapter(book_id=book.id, number=1)) is one
    assert await chapters.ensure(Chapter(book_id=book.id, number=2)) is not one
    notes = Repository(session, Note)
    assert (await notes.ensure(Note(text="a"))).text == "a"


async def test_ensure_needs_something_unique(books: Repository[Book]) -> None:
    with pytest.raises(FrameworkError) as caught:
        await books.ensure(Book(title="Emma"))
    assert caught.value.code == "db.ensure"


async def test_ensure_still_reports_other_constraints(session: Session) -> None:
    with pytest.raises(DomainError):
        async with session.begin_nested():
            await Repository(session, Chapter).ensure(Chapter(book_id=999, number=1))


async def test_fifty_callers_ensure_one_row(library: Database) -> None:
    async def ensure() -> int:
        async with library.session() as session:
            return (await Repository(session, Tag).ensure(Tag(name="love"))).id

    ids = await asyncio.gather(*(ensure() for _ in range(50)))
    assert len(set(ids)) == 1
    async with library.session() as session:
        assert await Repository(session, Tag).count() == 1


# As services -------------------------------------------------------------------------------------------------------


class Tags(Repository[Tag]):
    async def named(self, name: str) -> Tag:
        return await self.ensure(Tag(name=name))


async def test_services_build_repositories_of_any_model(library: Database, database_url: str, tmp_path: Path) -> None:
    class Site(Settings):
        installed_apps: tuple[str, ...] = ("framework.db", "people", "library")
        database: DatabaseSettings = DatabaseSettings(url=database_url)

    project = Project(Site())
    project.services.provide(Tags)
    async with project.lifespan(), project.scope() as scope:
        books, tags = await scope.get(Repository[Book]), await scope.get(Tags)
        assert isinstance(books, Repository)
        assert books.session is tags.session is await scope.get(Session)
        book = await books.add(Book(title="Emma", tags=[await tags.named("love")]))
        reader = await scope.get(ReadRepository[Book])
        assert isinstance(reader.session, ReadSession)
        assert (await reader.get(book.id)).title == "Emma"
    async with library.session() as session:
        assert [tag.name for tag in (await session.exec(select(Tag))).all()] == ["love"]
