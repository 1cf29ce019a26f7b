"""Models: names, foreign keys, abstract models, enums, moments; and what belongs to a project."""

import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

import pytest
from library.models import Book, BookTag, Chapter, Genre, Loan, Note, Shelf, Tag
from people.models import Person
from people.models import Tag as PeopleTag
from pydantic import BaseModel, TypeAdapter, ValidationError
from sqlalchemy import Enum, MetaData, Table, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable, sort_tables
from sqlmodel import Field as SQLModelField
from sqlmodel import SQLModel

from framework import Project, Settings
from framework.db import Field, Model, Timestamp, models_of, rel, resolve_models, tables_of, uuid7
from framework.db.mapping.labels import label_of, path_of
from framework.db.mapping.naming import snake
from framework.errors import FrameworkError, ImproperlyConfigured


def table(model: type[SQLModel]) -> Table:
    return model.__table__  # type: ignore[attr-defined]


# Decimals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (Decimal("1.005"), "1.01"),
        (Decimal("-1.005"), "-1.01"),
        (Decimal("1.0049"), "1.00"),
        (Decimal("1E+3"), "1000.00"),
        (Decimal("123456789012345678901234567890.125"), "123456789012345678901234567890.13"),
        (2, "2.00"),
        (0.125, "0.13"),
        (Decimal("NaN"), "NaN"),
    ],
)
def test_a_decimal_is_rounded_when_it_is_set_as_its_column_would(given: Any, kept: str) -> None:
    made, changed = Book(title="t", price=given), Book(title="t")
    changed.price = given
    assert (str(made.price), str(changed.price)) == (kept, kept)


def test_a_decimal_field_may_have_a_column_of_another_name_or_hold_nothing() -> None:
    book = Book(title="t", weight=Decimal("0.25"))
    assert str(book.weight) == "0.3"
    book.weight = None
    assert book.weight is None


# Names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "expected"),
    [("Post", "post"), ("BlogPost", "blog_post"), ("HTTPLog", "http_log"), ("Page2", "page2"), ("UserID", "user_id")],
)
def test_a_class_is_written_in_small_letters(name: str, expected: str) -> None:
    assert snake(name) == expected


def test_a_table_is_called_after_its_app_and_class() -> None:
    assert table(Book).name == "library_book"
    assert table(BookTag).name == "library_book_tag"
    assert table(Tag).name == "library_tag"
    assert table(PeopleTag).name == "people_tag"
    assert table(Person).name == "folk"
    assert Book.__tablename__ == "library_book"


def test_a_model_belongs_to_the_app_above_its_module() -> None:
    assert label_of(Book) == "library"
    assert label_of(Shelf) == "library"
    assert path_of(Person) == "people.Person"
    assert label_of(SQLModel) is None


def test_constraints_have_names() -> None:
    assert {index.name for index in table(Book).indexes} == {"ix_library_book_title"}
    assert {rule.name for rule in table(Chapter).constraints} == {
        "pk_library_chapter",
        "fk_library_chapter_book_id",
        "uq_library_chapter_book_id_number",
    }
    assert table(Shelf).primary_key.name == "pk_shelf"


def test_a_model_uses_sqlmodels_own_metadata_registry_and_field() -> None:
    assert Model.metadata is SQLModel.metadata
    assert inspect(Book).registry is inspect(Shelf).registry
    assert Field is SQLModelField


# Foreign keys and abstract models ----------------------------------------------------------------------------------


def test_foreign_keys_reach_tables_made_later_and_named_otherwise() -> None:
    [key] = table(Book).c.author_id.foreign_keys
    assert key.column is table(Person).c.id
    assert key.target_fullname == "folk.id"
    assert key.ondelete == "CASCADE"
    assert [table(Person).c.id] == [key.column for key in table(Loan).foreign_keys]


def test_the_tables_of_foreign_keys_come_first_and_are_written_by_name() -> None:
    # Not all tables of the process: those of other tests may refer to each other in a circle.
    tables = [found for found in SQLModel.metadata.tables.values() if found.name.startswith(("folk", "library_"))]
    order = [found.name for found in sort_tables(tables)]
    assert order.index("folk") < order.index("library_book") < order.index("library_book_tag")
    sql = str(CreateTable(table(Book)).compile(dialect=postgresql.dialect()))
    assert "FOREIGN KEY(author_id) REFERENCES folk (id) ON DELETE CASCADE" in sql


def test_a_table_copied_to_another_metadata_keeps_its_keys() -> None:
    copies = MetaData()
    for original in (Person, Book):
        table(original).to_metadata(copies)
    [key] = copies.tables["library_book"].foreign_keys
    assert key.column is copies.tables["folk"].c.id


def test_an_abstract_model_gives_its_fields_and_relationships_to_each_table() -> None:
    assert {"author_id", "created_at", "updated_at"} <= set(Book.model_fields)
    assert inspect(Book).relationships["author"].mapper.class_ is Person
    assert "author" not in Book.model_fields


def test_a_row_is_made_with_related_rows_and_without_validation() -> None:
    author = Person(name="Jane")
    book: Any = Book(title=5, author=author)  # type: ignore[arg-type]  # as in sqlmodel, nothing is checked
    assert book.title == 5
    assert author.books == [book]
    with pytest.raises(ValidationError):
        Book.model_validate({"title": 5})


def test_mapper_arguments_of_a_model_join_those_of_models() -> None:
    assert inspect(Book).eager_defaults is True


# Types -------------------------------------------------------------------------------------------------------------


def test_an_enum_is_kept_as_text_on_every_database() -> None:
    kind = table(Book).c.genre.type
    assert isinstance(kind, Enum)
    assert (kind.native_enum, kind.length, kind.enum_class) == (False, 50, Genre)


def test_a_uuid_key_is_there_before_the_row_is_stored_and_sorts_by_time() -> None:
    note = Note()
    assert (note.id.version, note.id.variant) == (7, "specified in RFC 4122")
    made = []
    for _ in range(100):
        made.append(uuid7())
        time.sleep(0.00001)
    assert made == sorted(made)
    assert len(set(made)) == 100
    assert abs((made[0].int >> 80) - time.time() * 1000) < 60_000


def test_a_moment_leaves_as_z_with_a_fraction() -> None:
    moment = datetime.fromisoformat("2026-01-31T12:00:00+02:00")
    text = Book(title="Emma", created_at=moment).model_dump_json()
    assert '"created_at":"2026-01-31T10:00:00.000000Z"' in text
    assert Book(title="Emma", created_at=moment).model_dump()["created_at"] is moment

    class Read(BaseModel):
        at: Timestamp
        maybe: Timestamp | None = None

    read = Read.model_validate({"at": "2026-01-31T12:00:00.5+02:00"})
    assert read.model_dump_json() == '{"at":"2026-01-31T10:00:00.500000Z","maybe":null}'
    assert read.at.tzinfo is UTC
    for wrong in ("2026-01-31T12:00:00", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"):
        with pytest.raises(ValidationError):
            Read.model_validate({"at": wrong})
    assert TypeAdapter(Read).json_schema(mode="serialization")["properties"]["at"]["type"] == "string"


def test_rel_takes_relationships_only() -> None:
    assert rel(Book.author) is Book.author
    with pytest.raises(FrameworkError) as caught:
        rel(Book.title)
    assert caught.value.code == "db.rel"


# What cannot be ----------------------------------------------------------------------------------------------------


def test_a_model_outside_any_app_needs_a_name_for_its_table() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        type(Model)("Stray", (Model,), {"__module__": __name__, "__annotations__": {}}, table=True)
    assert caught.value.code == "db.no-app"
    assert f"'Stray' of module {__name__!r} belongs to no app" in caught.value.message


@pytest.mark.parametrize(
    ("kind", "shown"), [(dict, "dict"), (list[str], "list[str]"), (int | str, "int | str"), (Any, "Any")], ids=str
)
def test_a_field_of_a_type_that_no_column_keeps_is_named(kind: Any, shown: str) -> None:
    fields = {"id": int, "extra": kind}
    told: dict[str, Any] = {"__module__": "app.models", "__tablename__": "odd", "__annotations__": fields}
    with pytest.raises(ImproperlyConfigured) as caught:
        type(Model)("Odd", (Model,), told | {"id": Field(primary_key=True)}, table=True)
    assert caught.value.message == f"app.models.Odd.extra is of type {shown}, which no column keeps."
    assert f"`extra: {shown} = Field(sa_type=JSON)`" in str(caught.value.hint)
    assert caught.value.code == "db.no-column"


@pytest.mark.parametrize("told", [{"table": True}, {}], ids=["table", "schema"])
def test_no_class_can_inherit_from_a_table(told: dict[str, bool]) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        type(Model)("Novel", (Book,), {"__module__": __name__}, **told)
    assert caught.value.code == "db.table-inheritance"
    assert "'Novel' inherits from the table 'Book'" in caught.value.message


def test_a_taken_table_names_both_classes() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:

        class Other(Model, table=True):
            __tablename__: ClassVar[str] = "library_book"
            id: int = Field(default=None, primary_key=True)

    assert caught.value.code == "db.table-taken"
    assert caught.value.message == f"Table 'library_book' of {__name__}.Other is taken by library.models.Book."


# What belongs to a project -----------------------------------------------------------------------------------------


def project(*apps: str) -> Project:
    class Site(Settings):
        installed_apps: tuple[str, ...] = apps

    return Project(Site())


def test_a_project_has_the_models_and_tables_of_its_apps_only() -> None:
    both = project("people", "library")
    resolve_models(both)
    assert {path_of(model) for model in models_of(both, "people")} == {"people.Person", "people.Tag"}
    names = [found.name for found in tables_of(both)]
    assert names.index("folk") < names.index("library_book")
    assert {"folk", "people_tag", "shelf", "library_tag"} <= set(names)
    assert not any(name.startswith("depot") for name in names)
    alone = project("people")
    assert {found.name for found in tables_of(alone)} == {"folk", "people_tag"}


def test_a_project_without_the_other_app_is_told_so() -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        resolve_models(project("library"))
    assert str(caught.value) == (
        "library.Book.author refers to 'people.Person', but no installed app is labelled 'people'.\n"
        "  Hint: Add 'people' to installed_apps.  [db.app-not-installed]"
    )
