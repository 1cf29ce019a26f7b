"""Items, through a client."""

import pytest
from framework.testing import LogIn
from httpx import AsyncClient

URL = "/api/app/items"


@pytest.fixture(autouse=True)
async def logged_in(log_in: LogIn) -> None:
    """Log the client in, as whoever changes items has to be."""
    await log_in()


@pytest.fixture
async def fields() -> dict[str, object]:
    """Return what a client sends to create an item."""
    return {"title": "first"}


@pytest.fixture
def changes() -> dict[str, object]:
    """Return what a client sends to change it."""
    return {"title": "second"}


async def test_items_are_created_read_listed_changed_and_deleted(
    client: AsyncClient, fields: dict[str, object], changes: dict[str, object]
) -> None:
    response = await client.post(URL, json=fields)
    assert response.status_code == 201, response.text
    created = response.json()
    assert created | fields == created

    url = f"{URL}/{created['id']}"
    assert (await client.get(url)).json() == created
    assert created in (await client.get(URL)).json()["items"]

    changed = await client.patch(url, json=changes)
    assert changed.status_code == 200, changed.text
    assert changed.json() == created | changes

    assert (await client.delete(url)).status_code == 204
    assert (await client.get(url)).status_code == 404


async def test_a_wrong_body_is_refused(client: AsyncClient) -> None:
    assert (await client.post(URL, json=[])).status_code == 422
    assert (await client.patch(f"{URL}/1", json={"misspelt": 1})).status_code == 422


async def test_a_stranger_reads_and_changes_nothing(client: AsyncClient, fields: dict[str, object]) -> None:
    del client.headers["Authorization"]
    assert (await client.get(URL)).status_code == 200
    assert (await client.post(URL, json=fields)).status_code == 401
