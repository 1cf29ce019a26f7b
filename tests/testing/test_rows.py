"""`make` fills in what a row requires, and no two rows share what it made up."""

import pytest
from sqlalchemy import Column
from sqlalchemy.types import NullType

from framework import Settings
from framework.db import DatabaseSettings, Session, select
from framework.project import Project
from framework.testing import Make
from framework.testing.projects import Projects
from framework.testing.rows import made_up
from tests.testing.goods.models import Colour, Egg, Hen, Maker, Place, Thing

APPS = ("framework.db", "tests.testing.goods")


class OnSQLite(Settings):
    installed_apps: tuple[str, ...] = APPS
    database: DatabaseSettings = DatabaseSettings(url="sqlite:///goods.sqlite3")


class OnPostgreSQL(Settings):
    installed_apps: tuple[str, ...] = APPS
    database: DatabaseSettings = DatabaseSettings(url="postgresql://localhost/goods")


@pytest.fixture(params=[OnSQLite, OnPostgreSQL])
def project(request: pytest.FixtureRequest, project_with: Projects) -> Project:
    return project_with(request.param)


async def test_a_dozen_rows_have_a_value_of_every_type_and_share_no_unique_one(make: Make, project: Project) -> None:
    rows = [await make(Thing) for _ in range(12)]
    for column in ("raw", "day", "moment", "hour", "length", "price", "number", "ratio", "label", "text", "token"):
        assert len({getattr(row, column) for row in rows}) == 12, column
    assert {row.colour for row in rows} == {Colour.RED}
    assert {(row.flag, row.stock, row.parent_id) for row in rows} == {(False, 7, None)}

    async with project.scope() as scope:
        session = await scope.get(Session)
        stored = list(await session.exec(select(Thing).order_by(Thing.id)))
        assert [row.model_dump() for row in stored] == [row.model_dump() for row in rows]
        places = {place.id: place.maker_id for place in await session.exec(select(Place))}
        makers = {maker.id: maker.name for maker in await session.exec(select(Maker))}
    # Each foreign key has a row of its own, and so has the key of that row.
    assert {row.shelf_id for row in rows} == set(places)
    assert {row.maker_id for row in rows} | set(places.values()) == set(makers)
    assert len(makers) == 24
    assert all(len(name) <= 4 for name in makers.values())


async def test_given_values_are_kept_and_need_no_rows(make: Make) -> None:
    maker = await make(Maker, name="Ann")
    place = await make(Place, maker_id=maker.id)
    assert (maker.name, place.maker_id) == ("Ann", maker.id)


async def test_models_that_need_each_other_are_an_error_that_names_the_column(make: Make) -> None:
    with pytest.raises(ValueError, match=r"^No row can be made for goods_egg\.egg_id: it needs one that needs this"):
        await make(Hen)
    with pytest.raises(ValueError, match=r"goods_egg\.egg_id"):
        await make(Egg)


def test_a_type_that_nothing_can_be_made_up_for_is_an_error_that_says_so() -> None:
    with pytest.raises(ValueError, match=r"^No value can be made up for strange, a NullType\(\)\. Give it\."):
        made_up(Column("strange", NullType()), 1)
