"""The unit of work of a request: one scope, closed before the first byte of the answer."""

import pytest
from ledger.services import Ledger


@pytest.fixture
async def ledger_app(build, client):
    project = build("ledger")
    async with client(project) as http, project.scope() as scope:
        yield http, await scope.get(Ledger)


async def test_a_request_commits_before_it_is_answered(ledger_app):
    http, ledger = ledger_app
    response = await http.post("/ledger/entries", json={"name": "a"})
    assert response.status_code == 201
    assert ledger.rows == ["a"]
    assert ledger.events == ["begin", "commit"]


async def test_all_dependencies_of_a_request_share_one_scope(ledger_app):
    http, ledger = ledger_app
    assert (await http.get("/ledger/shared")).json() is True
    assert ledger.events == ["begin", "function dependency closed", "commit", "request dependency closed"]


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        ("not-found", 404, "NotFound"),
        ("http-exception", 418, "HTTPException"),
        ("crash", 500, "RuntimeError"),
        ("unserialisable", 500, "ResponseValidationError"),
        ("conflict", 409, "Conflict"),
    ],
)
async def test_any_failure_rolls_back(ledger_app, path, status, reason):
    http, ledger = ledger_app
    response = await http.post(f"/ledger/entries/{path}", json={"name": "a"})
    assert response.status_code == status
    assert ledger.rows == []
    assert ledger.events == ["begin", f"rollback {reason}"]


async def test_a_request_without_inject_opens_no_scope(ledger_app):
    http, ledger = ledger_app
    assert (await http.get("/ledger/plain")).json() == {"hello": "world"}
    assert ledger.events == []


async def test_an_invalid_request_rolls_back_what_its_dependencies_began(ledger_app):
    http, ledger = ledger_app
    assert (await http.post("/ledger/entries", json={"nom": "a"})).status_code == 422
    assert ledger.events == ["begin", "rollback RequestValidationError"]


async def test_a_sync_endpoint_gets_services_too(ledger_app):
    http, _ = ledger_app
    assert (await http.get("/ledger/sync")).json() == "Entries"


async def test_a_stream_has_a_scope_of_its_own(ledger_app):
    http, ledger = ledger_app
    assert (await http.get("/ledger/stream")).text == "one,two"
    assert ledger.events == ["begin", "commit", "first chunk", "begin", "commit"]
    assert ledger.rows == ["streamed"]


async def test_a_background_task_has_a_scope_of_its_own(ledger_app):
    http, ledger = ledger_app
    assert (await http.post("/ledger/background")).status_code == 200
    assert ledger.rows == ["now", "later"]
