"""Pages of any select: counted or by cursor, of rows or read into a schema."""

import json
from base64 import urlsafe_b64encode
from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

import pytest
from fastapi import FastAPI, Query
from httpx import ASGITransport, AsyncClient
from library.models import Book, Chapter, Genre, Note, Tag
from people.models import Person
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.alias_generators import to_camel
from sqlalchemy import event, exists, func
from sqlalchemy.orm import aliased, contains_eager

from framework.db import (
    CursorPage,
    CursorWindow,
    Database,
    Filter,
    OrderBy,
    Page,
    ReadRepository,
    Repository,
    Search,
    Session,
    Timestamp,
    Window,
    col,
    rel,
    select,
)
from framework.errors import FrameworkError, Invalid

DAY = datetime(2026, 1, 31, tzinfo=UTC)


@pytest.fixture
async def shelf(session: Session) -> Session:
    """Seven books by two people; some share a number of pages, some have none."""
    jane, james = Person(name="Jane"), Person(name="James")
    love, sea = Tag(name="love"), Tag(name="sea")
    pages = [100, 200, 100, None, 300, 100, None]
    for number, count in enumerate(pages):
        book = Book(title=f"Book {number}", pages=count, author=jane if number % 2 else james, price=Decimal(number))
        book.created_at = DAY + timedelta(days=number)
        book.tags = [love, sea] if number < 2 else []
        book.chapters = [Chapter(number=place) for place in range(number)]
        session.add(book)
    await session.flush()
    session.expunge_all()
    return session


def count_statements(session: Session) -> list[str]:
    statements: list[str] = []
    engine: Any = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *told: statements.append(told[2]))
    return statements


def titles(items: list[Book]) -> str:
    return "".join(book.title.removeprefix("Book ") for book in items)


# Pages -------------------------------------------------------------------------------------------------------------


async def test_a_page_holds_its_rows_and_the_number_of_all(shelf: Session) -> None:
    statement = select(Book).order_by(col(Book.title).desc())
    page = await Page.of(shelf, statement, Window(limit=3, offset=2))
    assert titles(page.items) == "432"
    assert (page.total, page.limit, page.offset) == (7, 3, 2)


@pytest.mark.parametrize(
    ("window", "expected", "total", "statements"),
    [
        (Window(limit=7), "0123456", 7, 2),
        (Window(limit=8), "0123456", 7, 1),
        (Window(limit=3, offset=6), "6", 7, 1),
        (Window(limit=3, offset=7), "", 7, 2),
        (Window(limit=3, offset=2**31 - 1), "", 7, 2),
    ],
)
async def test_the_count_is_asked_for_only_when_the_rows_do_not_tell(
    shelf: Session, window: Window, expected: str, total: int, statements: int
) -> None:
    seen = count_statements(shelf)
    page = await Page.of(shelf, select(Book), window)
    assert (titles(page.items), page.total, len(seen)) == (expected, total, statements)


async def test_pages_of_equal_rows_share_none(shelf: Session) -> None:
    statement = select(Book).order_by(col(Book.genre))
    found = [await Page.of(shelf, statement, Window(limit=2, offset=offset)) for offset in range(0, 8, 2)]
    assert "".join(titles(page.items) for page in found) == "0123456"


async def test_a_page_of_a_join_counts_its_rows_without_its_columns_order_and_loads(shelf: Session) -> None:
    label = select(func.count()).where(col(Chapter.book_id) == Book.id).scalar_subquery().label("chapters_count")
    statement = (
        select(Book, label)
        .join(rel(Book.author))
        .where(col(Person.name) == "Jane")
        .options(contains_eager(rel(Book.author)))
        .order_by(label.desc())
    )
    seen = count_statements(shelf)
    page = await Page.of(shelf, statement, Window(limit=2))
    assert [(book.title, book.author.name, count) for book, count in page.items if book.author] == [
        ("Book 5", "Jane", 5),
        ("Book 3", "Jane", 3),
    ]
    assert page.total == 3
    assert "chapter" not in seen[-1]
    assert "ORDER BY" not in seen[-1]


async def test_grouped_and_distinct_statements_count_their_own_rows(shelf: Session) -> None:
    grouped = (
        select(Book, func.count(col(Chapter.id)).label("n"))
        .join(Chapter)
        .group_by(col(Book.id))
        .having(func.count(col(Chapter.id)) > 2)
    )
    page = await Page.of(shelf, grouped, Window(limit=1), order="-n")
    assert [(book.title, n) for book, n in page.items] == [("Book 6", 6)]
    assert page.total == 4
    distinct = select(col(Book.pages)).where(col(Book.pages).is_not(None)).distinct()
    assert (await Page.of(shelf, distinct, Window(limit=1), order="pages")).total == 3
    tagged = select(Book).join(rel(Book.tags)).distinct()
    assert (await Page.of(shelf, tagged, Window(limit=1))).total == 2
    limited = select(Book).limit(5).offset(2)
    assert (await Page.of(shelf, limited, Window(limit=1))).total == 7  # the window is the limit


async def test_a_page_of_an_alias_and_of_columns(shelf: Session) -> None:
    other = aliased(Book)
    page = await Page.of(shelf, select(other).where(other.pages == 100), Window(limit=2), order="-title")
    assert titles(page.items) == "52"
    columns = await Page.of(shelf, select(Book.title, Book.pages), Window(limit=2), order="-title")
    assert [tuple(row) for row in columns.items] == [("Book 6", None), ("Book 5", 100)]


async def test_map_keeps_the_numbers(shelf: Session) -> None:
    page = (await Page.of(shelf, select(Book), Window(limit=2, offset=1))).map(lambda book: book.title)
    assert page == Page(items=["Book 1", "Book 2"], total=7, limit=2, offset=1)
    by_cursor = (await CursorPage.of(shelf, select(Book), CursorWindow(limit=2))).map(lambda book: book.title)
    assert by_cursor.items == ["Book 0", "Book 1"]
    assert by_cursor.next


async def test_an_empty_page(session: Session) -> None:
    page = await Page.of(session, select(Book))
    assert page.model_dump() == {"items": [], "total": 0, "limit": 20, "offset": 0}
    assert (await CursorPage.of(session, select(Book))).model_dump() == {"items": [], "next": None}


@pytest.mark.parametrize("values", [{"limit": 0}, {"limit": 101}, {"offset": -1}, {"offset": 2**31}, {"limit": "x"}])
def test_a_window_refuses_numbers_out_of_range(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Window.model_validate(values)


# Into a schema -----------------------------------------------------------------------------------------------------


class AuthorRead(BaseModel):
    name: str
    following: bool = False


class BookRead(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)

    title: str
    created_at: Timestamp
    author: AuthorRead | None
    tags: list[str] = Field(default_factory=list[str])
    chapters_count: int


async def test_into_reads_attributes_labels_and_dotted_labels(shelf: Session) -> None:
    shelf.add(Book(title="Book 7", created_at=DAY))
    await shelf.flush()
    shelf.expunge_all()
    chapters = select(func.count()).where(col(Chapter.book_id) == Book.id).scalar_subquery()
    following = exists().where(col(Person.id) == Book.author_id, col(Person.name) == "Jane")
    statement = select(
        Book,
        chapters.label("chapters_count"),
        following.label("author.following"),
        func.coalesce(None, None, "[]").label("unused"),
    )
    seen = count_statements(shelf)
    page = await Repository(shelf, Book).page(load=(Book.author,))
    assert page.total == 8
    seen.clear()
    from framework.db.queries.loading import options

    read = await Page.of(
        shelf, statement.options(*options((Book.author,))), Window(limit=3, offset=5), into=WithoutTags, order="title"
    )
    assert [item.model_dump() for item in read.items] == [
        {
            "title": "Book 5",
            "created_at": DAY + timedelta(days=5),
            "author": {"name": "Jane", "following": True},
            "chapters_count": 5,
        },
        {
            "title": "Book 6",
            "created_at": DAY + timedelta(days=6),
            "author": {"name": "James", "following": False},
            "chapters_count": 6,
        },
        {"title": "Book 7", "created_at": DAY, "author": None, "chapters_count": 0},
    ]
    assert '"createdAt":"2026-02-05T00:00:00.000000Z"' in read.items[0].model_dump_json(by_alias=True)
    assert len(seen) == 2  # the rows, and their number


class WithoutTags(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)

    title: str
    created_at: Timestamp
    author: AuthorRead | None
    chapters_count: int


class TagRead(BaseModel):
    name: str


class Tagged(BaseModel):
    title: str
    tags: list[TagRead]


async def test_into_reads_models_with_their_loaded_collections(shelf: Session) -> None:
    page = await Repository(shelf, Book).page(Window(limit=2), into=Tagged, load=(Book.tags,), order="title")
    assert page.items[1] == Tagged(title="Book 1", tags=[TagRead(name="love"), TagRead(name="sea")])
    by_cursor = await Repository(shelf, Book).page(CursorWindow(limit=2), into=Tagged, load=(Book.tags,))
    assert by_cursor.items == page.items


async def test_into_reads_columns_alone(shelf: Session) -> None:
    class Short(BaseModel):
        title: str
        author: TagRead

    statement = select(Book.title, col(Person.name).label("author.name")).join(rel(Book.author))
    page = await Page.of(shelf, statement, Window(limit=1), into=Short, order="title")
    assert page.items == [Short(title="Book 0", author=TagRead(name="James"))]


async def test_into_reads_a_single_column(shelf: Session) -> None:
    class Title(BaseModel):
        title: str

    page = await Page.of(shelf, select(Book.title), Window(limit=1), into=Title, order="title")
    assert page.items == [Title(title="Book 0")]


async def test_into_reads_the_first_model_that_has_the_attribute(shelf: Session) -> None:
    class Both(BaseModel):
        title: str
        name: str

    statement = select(Book, Person).join(rel(Book.author))
    assert (await Page.of(shelf, statement, Window(limit=1), into=Both)).items == [Both(title="Book 0", name="James")]
    by_cursor = await CursorPage.of(shelf, statement, CursorWindow(limit=1), into=Both)
    assert by_cursor.items == [Both(title="Book 0", name="James")]


async def test_into_says_which_relationship_was_not_loaded(shelf: Session) -> None:
    with pytest.raises(FrameworkError) as caught:
        await Repository(shelf, Book).page(into=Tagged)
    assert caught.value.code == "db.not-loaded"


async def test_into_says_what_the_rows_lack(shelf: Session) -> None:
    with pytest.raises(FrameworkError) as caught:
        await Page.of(shelf, select(Book), into=WithoutTags)
    assert caught.value.code in ("db.into", "db.not-loaded")

    class Counted(BaseModel):
        title: str
        chapters_count: int

    with pytest.raises(FrameworkError) as caught:
        await Page.of(shelf, select(Book), into=Counted)
    assert caught.value.code == "db.into"
    assert "chapters_count: Field required" in caught.value.message


async def test_a_page_answers_as_a_page_of_another_schema(shelf: Session) -> None:
    """As FastAPI does it for `-> Page[Tagged]`."""
    page = await Repository(shelf, Book).page(Window(limit=2), load=(Book.tags,))
    answer = TypeAdapter(Page[Tagged]).validate_python(page, from_attributes=True)
    assert answer.items[0] == Tagged(title="Book 0", tags=[TagRead(name="love"), TagRead(name="sea")])
    assert answer.total == 7
    schema = TypeAdapter(Page[Tagged]).json_schema()
    assert schema["properties"]["items"]["items"] == {"$ref": "#/$defs/Tagged"}


# Filters, orders, searches -----------------------------------------------------------------------------------------


class BookWindow(Window):
    author: Annotated[str | None, Filter("author__name")] = None
    tag: Annotated[str | None, Filter("tags__name")] = None
    genre: Genre | None = None
    pages__in: list[int] | None = None
    pages__isnull: bool | None = None
    q: Annotated[str | None, Search("title", "author__name")] = None
    order: Annotated[str, OrderBy("title", "pages", "created_at")] = "-created_at"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, "6543210"),
        ({"order": "pages,-title"}, "5201463"),
        ({"order": "title"}, "0123456"),
        ({"order": ""}, "0123456"),
        ({"author": "Jane"}, "531"),
        ({"tag": "sea", "author": "James"}, "0"),
        ({"pages__in": [200, 300]}, "41"),
        ({"pages__isnull": True}, "63"),
        ({"q": "book jane"}, "531"),
        ({"q": "JAMES 4"}, "4"),
        ({"q": "  "}, "6543210"),
        ({"q": "%"}, ""),
        ({"genre": "verse"}, ""),
    ],
)
async def test_a_window_filters_orders_and_searches(shelf: Session, asked: dict[str, Any], expected: str) -> None:
    window = BookWindow.model_validate(asked)
    page = await Repository(shelf, Book).page(window)
    assert (titles(page.items), page.total) == (expected, len(expected))
    assert titles((await Page.of(shelf, select(Book).order_by(col(Book.price)), window)).items) == expected


@pytest.mark.parametrize(
    ("asked", "name", "message"),
    [
        ({"titel": "x"}, "titel", "There is no filter 'titel'. Choose from "),
        ({"autor": "x"}, "autor", "There is no filter 'autor'. Did you mean 'author'?"),
        ({"order": "titel"}, "order", "'titel' is nothing to order by. Did you mean 'title'?"),
        ({"order": "price"}, "order", "'price' is nothing to order by. Choose from created_at, pages, title"),
        ({"order": "title,"}, "order", "has an empty name in it"),
        ({"genre": "poem"}, "genre", "'prose' or 'verse'"),
    ],
)
def test_a_window_reaches_declared_fields_only(asked: dict[str, Any], name: str, message: str) -> None:
    with pytest.raises(ValidationError) as caught:
        BookWindow.model_validate(asked)
    [problem] = caught.value.errors()
    assert problem["loc"] == (name,)
    assert message in problem["msg"]


async def test_a_search_with_a_nul_is_invalid(shelf: Session) -> None:
    with pytest.raises(Invalid) as caught:
        await Repository(shelf, Book).page(BookWindow(q="a\0"))
    assert dict(caught.value.fields) == {"q": "Must not contain a NUL character."}


async def test_a_filter_of_nothing_is_its_authors_mistake(shelf: Session) -> None:
    class Wrong(Window):
        titel: str | None = None

    with pytest.raises(FrameworkError) as caught:
        await Repository(shelf, Book).page(Wrong(titel="x"))
    assert caught.value.code == "db.filter"
    assert "Wrong.titel" in caught.value.message
    assert not isinstance(caught.value, Invalid)


def test_the_schema_of_a_window_tells_what_may_be_asked() -> None:
    schema = BookWindow.model_json_schema()["properties"]
    assert schema["order"]["default"] == "-created_at"
    assert "title, pages, created_at" in schema["order"]["description"]
    assert set(schema) == {"limit", "offset", "author", "tag", "genre", "pages__in", "pages__isnull", "q", "order"}


# Cursors -----------------------------------------------------------------------------------------------------------


class BookFeed(CursorWindow):
    author: Annotated[str | None, Filter("author__name")] = None
    order: Annotated[str, OrderBy("title", "pages", "created_at", "price", "genre")] = "-created_at"


async def walk(session: Session, **asked: Any) -> str:
    """All pages of two, one after the other."""
    found, cursor = "", None
    for _ in range(10):
        page = await Repository(session, Book).page(BookFeed(limit=2, cursor=cursor, **asked))
        found, cursor = found + titles(page.items), page.next
        if cursor is None:
            return found
    raise AssertionError("the pages do not end")


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("-created_at", "6543210"),
        ("created_at", "0123456"),
        ("pages", "0251436"),
        ("-pages", "4102536"),
        ("pages,-title", "5201463"),
        ("-pages,-created_at", "4152063"),
        ("genre,-price", "6543210"),
        ("-title", "6543210"),
        ("", "0123456"),
    ],
)
async def test_cursors_walk_every_row_once_in_any_order(shelf: Session, order: str, expected: str) -> None:
    assert await walk(shelf, order=order) == expected


async def test_cursors_walk_filtered_rows(shelf: Session) -> None:
    assert await walk(shelf, author="Jane") == "531"


async def test_rows_that_come_in_move_nothing(shelf: Session) -> None:
    books = Repository(shelf, Book)
    first = await books.page(BookFeed(limit=3))
    await books.add(Book(title="Book 7", created_at=DAY + timedelta(days=7)))
    await books.delete(first.items[1])
    second = await books.page(BookFeed(limit=3, cursor=first.next))
    assert (titles(first.items), titles(second.items)) == ("654", "321")


async def test_a_cursor_ends_with_the_last_full_page(shelf: Session) -> None:
    page = await CursorPage.of(shelf, select(Book), CursorWindow(limit=7))
    assert (titles(page.items), page.next) == ("0123456", None)


async def test_a_cursor_of_a_join_with_labels_and_a_uuid(shelf: Session) -> None:
    shelf.add_all(Note(text=str(number), book_id=None) for number in range(3))
    await shelf.flush()
    first = await CursorPage.of(shelf, select(Note, func.length(Note.text).label("size")), CursorWindow(limit=2))
    assert [(note.text, size) for note, size in first.items] == [("0", 1), ("1", 1)]
    second = await CursorPage.of(shelf, select(Note), CursorWindow(limit=2, cursor=first.next))
    assert [note.text for note in second.items] == ["2"]


def packed(*content: Any) -> str:
    return urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "x",
        "😀",
        "Zm9v",
        packed(),
        packed("-created_at,id"),
        packed("-created_at,id", "2026-01-31T00:00:00Z"),
        packed("-created_at,id", "2026-01-31T00:00:00Z", 1, 2),
        packed("-created_at,id", "yesterday", 1),
        packed("-created_at,id", "2026-01-31T00:00:00", 1),
        packed("-created_at,id", "2026-01-31T00:00:00Z", None),
        packed("-created_at,id", "2026-01-31T00:00:00Z", "1; DROP TABLE library_book"),
        packed("-created_at,id", "2026-01-31T00:00:00Z", 2**70),
        packed("-created_at,id", {"a": 1}, 1),
        packed("password,id", "2026-01-31T00:00:00Z", 1),
        urlsafe_b64encode(b"[" * 1490).decode(),
        urlsafe_b64encode(b"\xff\xfe").decode(),
    ],
)
async def test_a_bad_cursor_is_invalid(shelf: Session, cursor: str) -> None:
    with pytest.raises(Invalid) as caught:
        await Repository(shelf, Book).page(BookFeed(cursor=cursor))
    assert list(caught.value.fields) == ["cursor"]
    assert caught.value.code == "invalid_cursor"


async def test_a_cursor_of_another_order_is_invalid(shelf: Session) -> None:
    page = await Repository(shelf, Book).page(BookFeed(limit=1))
    with pytest.raises(Invalid):
        await Repository(shelf, Book).page(BookFeed(limit=1, cursor=page.next, order="title"))


async def test_pages_read_through_a_read_session(library: Database) -> None:
    async with library.session() as session:
        session.add_all(Book(title=f"Book {number}") for number in range(3))
    async with library.read_session() as session:
        assert (await Page.of(session, select(Book), Window(limit=2))).total == 3
        async with session.snapshot():
            assert (await Page.of(session, select(Book), Window(limit=2))).total == 3
        assert (await CursorPage.of(session, select(Book), CursorWindow(limit=2))).next


# In routes ---------------------------------------------------------------------------------------------------------


@pytest.fixture
async def client(library: Database) -> AsyncGenerator[AsyncClient]:
    async with library.session() as session:
        session.add_all(Book(title=f"Book {number}", tags=[]) for number in range(3))
    app = FastAPI()

    @app.get("/books")
    async def books(window: Annotated[BookWindow, Query()]) -> Page[Tagged]:
        async with library.read_session() as session:
            return await ReadRepository(session, Book).page(window, into=Tagged, load=(Book.tags,))

    @app.get("/feed", response_model=CursorPage[Tagged])
    async def feed(window: Annotated[BookFeed, Query()]) -> CursorPage[Book]:
        async with library.read_session() as session:
            return await ReadRepository(session, Book).page(window, load=(Book.tags,))

    async with AsyncClient(transport=ASGITransport(app), base_url="http://test") as client:
        yield client


async def test_a_window_is_read_from_the_query_and_a_page_answers(client: AsyncClient) -> None:
    answer = await client.get("/books?limit=2&order=-title&q=book")
    assert answer.json() == {
        "items": [{"title": "Book 2", "tags": []}, {"title": "Book 1", "tags": []}],
        "total": 3,
        "limit": 2,
        "offset": 0,
    }


async def test_a_cursor_goes_round_by_the_query(client: AsyncClient) -> None:
    first = (await client.get("/feed?limit=2&order=title")).json()
    second = (await client.get("/feed", params={"limit": 2, "order": "title", "cursor": first["next"]})).json()
    assert [item["title"] for item in first["items"] + second["items"]] == ["Book 0", "Book 1", "Book 2"]
    assert second["next"] is None


@pytest.mark.parametrize(
    ("query", "name", "message"),
    [
        ("titel=x", "titel", "There is no filter 'titel'"),
        ("order=titel", "order", "Did you mean 'title'?"),
        ("limit=0", "limit", "greater than or equal to 1"),
        ("pages__in=1&pages__in=x", "pages__in", "valid integer"),
        ("{braces}=1", "{braces}", "There is no filter '{braces}'"),
    ],
)
async def test_a_query_that_makes_no_sense_is_422(client: AsyncClient, query: str, name: str, message: str) -> None:
    answer = await client.get(f"/books?{query}")
    assert answer.status_code == 422
    [problem] = answer.json()["detail"]
    assert problem["loc"][:2] == ["query", name]
    assert message in problem["msg"]


async def test_the_documentation_of_a_route_lists_what_may_be_asked(client: AsyncClient) -> None:
    routes = (await client.get("/openapi.json")).json()["paths"]
    parameters = {parameter["name"]: parameter for parameter in routes["/books"]["get"]["parameters"]}
    assert set(parameters) == set(BookWindow.model_fields)
    assert "title, pages, created_at" in json.dumps(parameters["order"])
