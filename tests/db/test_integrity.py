# ruff: noqa: PT012  # errors are to leave a scope, and scopes nest

from collections.abc import Awaitable, Callable
from contextlib import nullcontext

import pytest
from depot.models import Brand, Category, Counter, Passport, Product, Receipt
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DBAPIError

from framework.db import Model, col, select
from framework.db.connections.integrity import ConstraintConflict, ConstraintInvalid
from framework.db.sessions.database import Database
from framework.db.sessions.session import Session
from framework.errors import Conflict, DomainError, FrameworkError, Invalid

type Work = Callable[[Session], Awaitable[object]]


async def broken(database: Database, work: Work) -> ConstraintConflict | ConstraintInvalid:
    """Return the error with which a scope that does `work` ends, after checking what it must never hold."""
    with pytest.raises(DomainError) as caught:
        async with database.session() as session:
            await work(session)
    error = caught.value
    assert isinstance(error, ConstraintConflict | ConstraintInvalid)
    shown = f"{error} {error.detail} {error.fields} {error.hint}"
    assert "INSERT" not in shown
    assert "UPDATE" not in shown
    assert "secret-value" not in shown
    return error


async def given(database: Database) -> None:
    async with database.session() as session:
        session.add(Brand(name="secret-value"))
        await session.flush()
        session.add(Product(brand_id=1, code="secret-value", serial="s"))


async def test_a_taken_value_is_a_conflict_at_the_flush(database: Database) -> None:
    await given(database)

    async def work(session: Session) -> None:
        session.add(Brand(name="secret-value"))
        with pytest.raises(Conflict):
            await session.flush()
        await session.rollback()
        session.add(Brand(name="secret-value"))
        await session.flush()

    error = await broken(database, work)
    assert isinstance(error, Conflict)
    assert (error.model, error.constraint) == (Brand, "uq_depot_brand_name")
    assert error.subject == "brand"
    assert error.fields == {"name": "Already taken."}
    assert error.detail == "Brand with this name already exists."
    assert error.code == "conflict"


async def test_a_taken_value_is_a_conflict_when_the_commit_flushes(database: Database) -> None:
    await given(database)

    async def work(session: Session) -> None:
        session.add(Brand(name="secret-value"))

    error = await broken(database, work)
    assert (error.model, error.constraint) == (Brand, "uq_depot_brand_name")


async def test_a_taken_combination_names_every_field(database: Database) -> None:
    await given(database)

    async def work(session: Session) -> None:
        session.add(Product(brand_id=1, code="secret-value", serial="t"))

    error = await broken(database, work)
    assert (error.model, error.constraint) == (Product, "uq_depot_product_brand_id_code")
    assert set(error.fields) == {"brand_id", "code"}
    assert error.detail == "Product with this brand_id and code already exists."


async def test_a_field_is_named_as_the_model_names_it(database: Database) -> None:
    await given(database)

    async def work(session: Session) -> None:
        session.add(Product(code="b", serial="s"))

    error = await broken(database, work)
    assert (error.model, error.constraint) == (Product, "ix_depot_product_serial_number")
    assert error.fields == {"serial": "Already taken."}


async def test_a_taken_primary_key_is_a_conflict(database: Database) -> None:
    await given(database)

    async def work(session: Session) -> None:
        await session.execute(insert(Brand).values(id=1, name="b"))

    error = await broken(database, work)
    assert (type(error), error.model, error.constraint) == (ConstraintConflict, Brand, "pk_depot_brand")
    assert set(error.fields) == {"id"}


async def test_a_unique_index_over_an_expression_is_a_conflict(database: Database) -> None:
    async def work(session: Session) -> None:
        session.add(Category(title="Secret-Value"))
        await session.flush()
        session.add(Category(title="secret-value"))

    error = await broken(database, work)
    assert (error.model, error.constraint) == (Category, "uq_depot_category_lower_title")
    assert error.fields == {"title": "Already taken."}


async def test_a_missing_value_is_invalid(database: Database) -> None:
    async def work(session: Session) -> None:
        await session.execute(insert(Brand).values(id=3))

    error = await broken(database, work)
    assert isinstance(error, Invalid)
    assert (error.model, error.constraint) == (Brand, None)
    assert error.fields == {"name": "This field is required."}
    assert error.detail == "Brand needs name."
    assert error.code == "invalid"


async def test_a_failed_check_is_invalid(database: Database) -> None:
    async def work(session: Session) -> None:
        session.add(Product(code="a", serial="s", price=-1))

    error = await broken(database, work)
    assert (type(error), error.model, error.constraint) == (
        ConstraintInvalid,
        Product,
        "ck_depot_product_price_positive",
    )
    assert error.fields == {"price": "This value is not allowed."}


async def insert_row(session: Session) -> None:
    session.add(Product(brand_id=99, code="a", serial="t"))


async def insert_rows(session: Session) -> None:
    rows = [{"brand_id": 1, "code": "x", "serial_number": "x"}, {"brand_id": 99, "code": "y", "serial_number": "y"}]
    await session.execute(insert(Product.__table__), rows)  # type: ignore[attr-defined]


async def insert_values(session: Session) -> None:
    rows = [{"brand_id": 1, "code": "x", "serial": "x"}, {"brand_id": 99, "code": "y", "serial": "y"}]
    await session.execute(insert(Product).values(rows))


async def change_row(session: Session) -> None:
    product = await session.get_one(Product, 1)
    product.brand_id = 99


async def update_rows(session: Session) -> None:
    await session.execute(update(Product).values(brand_id=99))


@pytest.mark.parametrize("work", [insert_row, insert_rows, insert_values, change_row, update_rows])
async def test_a_key_that_points_nowhere_is_invalid(database: Database, work: Work) -> None:
    await given(database)
    error = await broken(database, work)
    assert (type(error), error.model, error.constraint) == (ConstraintInvalid, Product, "fk_depot_product_brand_id")
    assert error.fields == {"brand_id": "Does not exist."}


async def delete_row(session: Session) -> None:
    await session.delete(await session.get_one(Brand, 1))


async def delete_rows(session: Session) -> None:
    await session.execute(delete(Brand).where(Brand.name.like("secret%")))  # type: ignore[attr-defined]


async def delete_all(session: Session) -> None:
    await session.execute(delete(Brand))


@pytest.mark.parametrize("work", [delete_row, delete_rows, delete_all])
async def test_a_row_in_use_is_a_conflict_that_names_who_uses_it(database: Database, work: Work) -> None:
    await given(database)
    error = await broken(database, work)
    assert (type(error), error.model, error.constraint) == (ConstraintConflict, Product, "fk_depot_product_brand_id")
    assert error.fields == {"brand_id": "Still refers to it."}
    assert error.detail == "Product still refers to it."


async def test_a_table_that_points_to_itself_tells_both_ways_apart(database: Database) -> None:
    async def add(session: Session) -> None:
        session.add(Category(title="b", parent_id=77))

    async def remove(session: Session) -> None:
        session.add(Category(id=1, title="a"))
        await session.flush()
        session.add(Category(id=2, title="b", parent_id=1))
        await session.flush()
        await session.execute(delete(Category).where(Category.id == 1))  # type: ignore[arg-type]

    missing, used = await broken(database, add), await broken(database, remove)
    assert (type(missing), missing.constraint) == (ConstraintInvalid, "fk_depot_category_parent_id")
    assert (type(used), used.constraint) == (ConstraintConflict, "fk_depot_category_parent_id")


async def test_a_deferred_constraint_speaks_at_the_commit(database: Database) -> None:
    async def work(session: Session) -> None:
        session.add(Receipt(product_id=5))
        await session.flush()  # says nothing yet

    error = await broken(database, work)
    assert (type(error), error.model, error.constraint) == (ConstraintInvalid, Receipt, "fk_depot_receipt_product_id")
    assert error.fields == {"product_id": "Does not exist."}
    async with database.read_session() as session:
        assert await session.scalar(text("SELECT count(*) FROM depot_receipt")) == 0


async def test_a_name_that_postgresql_cuts_is_given_whole(database: Database) -> None:
    async def work(session: Session) -> None:
        session.add(Passport(number_in_the_register_of_the_issuing_country_or_territory="a"))
        await session.flush()
        session.add(Passport(number_in_the_register_of_the_issuing_country_or_territory="a"))

    error = await broken(database, work)
    field = "number_in_the_register_of_the_issuing_country_or_territory"
    assert (error.model, error.constraint) == (Passport, f"uq_depot_passport_{field}")
    assert set(error.fields) == {field}


async def test_a_table_without_a_model_still_makes_a_domain_error(database: Database) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(text("CREATE TABLE plain (name VARCHAR PRIMARY KEY)"))

    async def work(session: Session) -> None:
        await session.execute(text("INSERT INTO plain VALUES ('a')"))
        await session.execute(text("INSERT INTO plain VALUES ('a')"))

    error = await broken(database, work)
    assert (type(error), error.model) == (ConstraintConflict, None)
    assert error.fields == {"name": "Already taken."}


async def test_plain_text_that_breaks_a_foreign_key_is_a_domain_error_too(database: Database) -> None:
    async def work(session: Session) -> None:
        await session.execute(text("INSERT INTO depot_category (title, parent_id) VALUES ('a', 44)"))

    assert isinstance(await broken(database, work), ConstraintInvalid)


async def test_a_caught_error_outside_a_savepoint_never_lets_half_the_work_be_stored(database: Database) -> None:
    """PostgreSQL would answer the COMMIT with a silent rollback, SQLite would store the other half."""
    await given(database)
    with pytest.raises(FrameworkError, match="savepoint") as caught:
        async with database.session() as session:
            session.add(Brand(id=2, name="b"))
            await session.flush()
            with pytest.raises(Conflict):
                await session.execute(insert(Brand).values(id=1, name="c"))
    assert caught.value.code == "db.failed-transaction"
    async with database.read_session() as session:
        assert await session.get(Brand, 2) is None


async def test_a_caught_error_of_a_flush_outside_a_savepoint_cannot_be_committed_either(database: Database) -> None:
    await given(database)
    with pytest.raises(FrameworkError, match="savepoint") as caught:
        async with database.session() as session:
            session.add(Brand(name="secret-value"))
            with pytest.raises(Conflict):
                await session.flush()
    assert caught.value.code == "db.failed-transaction"


async def test_a_savepoint_cannot_follow_a_failed_statement(database: Database) -> None:
    await given(database)
    with pytest.raises(FrameworkError) as caught:
        async with database.session() as session:
            with pytest.raises(Conflict):
                await session.execute(insert(Brand).values(id=1, name="c"))
            async with session.begin_nested():
                pass
    assert caught.value.code == "db.failed-transaction"


async def test_core_statements_fail_inside_a_savepoint_and_the_rest_is_stored(database: Database) -> None:
    await given(database)
    async with database.session() as session:
        session.add(Brand(id=2, name="b"))
        for _ in range(2):
            with pytest.raises(Conflict):
                async with session.begin_nested():
                    await session.execute(insert(Brand).values(id=1, name="c"))
        session.add(Brand(id=3, name="d"))
    async with database.read_session() as session:
        assert await session.get(Brand, 2) is not None
        assert await session.get(Brand, 3) is not None


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (lambda: Counter(value=2**64), "A number is out of range."),
        (lambda: Counter(value=2**31), "A number is out of range."),
        (lambda: Brand(name="a" * 51), "A text is too long."),
        (lambda: Brand(name="a\0b"), "A text holds a NUL character."),
    ],
)
async def test_a_value_that_its_column_cannot_hold_is_invalid(
    database: Database, row: Callable[[], Model], said: str
) -> None:
    """SQLite's columns hold all of these but the first."""
    made = row()
    holds = database.url.backend == "sqlite" and not (isinstance(made, Counter) and made.value == 2**64)
    with nullcontext() if holds else pytest.raises(Invalid) as caught:
        async with database.session() as session:
            session.add(made)
    if caught is not None:
        assert caught.value.detail == said
        assert "INSERT" not in str(caught.value)


async def test_a_value_of_a_wrong_type_is_no_fault_of_the_caller(database: Database) -> None:
    with nullcontext() if database.url.backend == "sqlite" else pytest.raises(DBAPIError):
        async with database.session() as session:
            assert not (await session.exec(select(Counter).where(col(Counter.value) == "many"))).all()
