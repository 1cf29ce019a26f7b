"""The line of a request: the same whether the log's handler writes it straight, or a record is made of it first."""

import io
import json
import logging
from collections.abc import Generator
from contextlib import contextmanager

import httpx
import pytest
from fastapi import FastAPI

from framework.log.setup import StderrHandler
from framework.web import create_app


@contextmanager
def alone() -> Generator[None]:
    """Leave the log's handler alone on the root: pytest's own want records."""
    root = logging.getLogger()
    handlers = list(root.handlers)
    root.handlers[:] = [each for each in handlers if isinstance(each, StderrHandler)]
    yield
    root.handlers[:] = handlers


@pytest.fixture
def app(build, tmp_path, monkeypatch) -> FastAPI:
    monkeypatch.syspath_prepend(str(tmp_path))
    folder = tmp_path / "logged_requests"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "apps.py").write_text(
        "from framework import AppConfig\nclass Config(AppConfig):\n    name = 'logged_requests'\n"
    )
    (folder / "routes.py").write_text(
        "from fastapi import APIRouter\nrouter = APIRouter()\n"
        "@router.get('/items/{id}')\nasync def read(id: str): return id\n"
        "@router.get('/crash')\nasync def crash(): raise RuntimeError\n"
    )
    return create_app(build("logged_requests"))


async def ask(app: FastAPI, path: str) -> None:
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        await client.get(path, headers={"x-request-id": "id-1"})


class Handler(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def requests_in(text: str) -> list[dict]:
    found = [json.loads(line) for line in text.splitlines()]
    return [line for line in found if line["logger"] == "framework.requests"]


async def test_a_line_written_straight_says_what_its_record_would(app, capsys):
    with alone():
        for path in ("/items/secret", "/crash", "/nowhere"):
            await ask(app, path)
    straight = requests_in(capsys.readouterr().err)
    other = Handler()
    logging.getLogger().addHandler(other)
    for path in ("/items/secret", "/crash", "/nowhere"):
        await ask(app, path)
    recorded = requests_in(capsys.readouterr().err)
    assert len([record for record in other.records if record.name == "framework.requests"]) == 3
    for line in (*straight, *recorded):
        line["message"] = line["message"].rpartition(" in ")[0]
        assert line.pop("time")[-1] == "Z"
        assert 0 <= line.pop("milliseconds") < 5000
    assert straight == recorded
    assert [list(line) for line in straight] == [list(line) for line in recorded]
    assert straight[0] == {
        "level": "INFO",
        "logger": "framework.requests",
        "message": "GET /items/{id} 200",
        "request_id": "id-1",
        "method": "GET",
        "route": "/items/{id}",
        "status": 200,
        "client": "127.0.0.1",
    }
    assert straight[1]["level"] == "ERROR"


async def test_no_record_is_made_where_nobody_wants_one(app, capsys, monkeypatch):
    made = []
    monkeypatch.setattr(logging.Logger, "handle", lambda self, record: made.append(record.name))
    with alone():
        await ask(app, "/items/1")
    assert len(requests_in(capsys.readouterr().err)) == 1
    assert "framework.requests" not in made


@pytest.mark.parametrize("where", ["logger", "handler"])
async def test_a_filter_sees_every_request(app, capsys, where):
    seen = []
    of = {
        "logger": logging.getLogger("framework.requests"),
        "handler": next(each for each in logging.getLogger().handlers if isinstance(each, StderrHandler)),
    }[where]

    def note(record: logging.LogRecord) -> bool:
        seen.append(record.getMessage())
        return False

    of.addFilter(note)
    with alone():
        await ask(app, "/items/1")
    of.removeFilter(note)
    assert any(message.startswith("GET /items/{id} 200 in") for message in seen)
    assert requests_in(capsys.readouterr().err) == []


async def test_a_record_factory_of_the_projects_own_makes_every_record(app, capsys):
    before = logging.getLogRecordFactory()

    def traced(*args, **kwargs):
        record = before(*args, **kwargs)
        record.trace_id = "abc"
        return record

    logging.setLogRecordFactory(traced)
    with alone():
        await ask(app, "/items/1")
    assert [line["trace_id"] for line in requests_in(capsys.readouterr().err)] == ["abc"]


async def test_a_handlers_level_holds_for_requests_too(app, capsys):
    handler = next(each for each in logging.getLogger().handlers if isinstance(each, StderrHandler))
    handler.setLevel(logging.ERROR)
    with alone():
        await ask(app, "/items/1")
        await ask(app, "/crash")
    handler.setLevel(logging.NOTSET)
    assert [line["status"] for line in requests_in(capsys.readouterr().err)] == [500]


class Full:
    line_buffering = True

    def write(self, text: str) -> int:
        raise OSError("no space left on device")


def closed() -> io.StringIO:
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("stderr", [Full(), closed(), None], ids=["full", "closed", "none"])
async def test_a_stderr_that_cannot_be_written_to_fails_no_request(app, monkeypatch, stderr):
    monkeypatch.setattr("sys.stderr", stderr)
    transport = httpx.ASGITransport(app)
    with alone():
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            assert (await client.get("/items/1")).status_code == 200
