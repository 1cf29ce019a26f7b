"""Logging set up once: one line a record, the request's id in each."""

import io
import json
import logging
import math
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import httpx
import pytest

from framework.context import request_id
from framework.log import JsonFormatter, LogSettings, TextFormatter
from framework.log.setup import StderrHandler


class Stderr:
    """What was written to stderr so far."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self._text = ""

    def getvalue(self) -> str:
        self._text += self._capsys.readouterr().err
        return self._text


@pytest.fixture
def stderr(capsys):
    return Stderr(capsys)


def lines(stderr: Stderr) -> list[dict]:
    return [json.loads(line) for line in stderr.getvalue().splitlines()]


@pytest.fixture
def in_request():
    token = request_id.set("req-1")
    yield
    request_id.reset(token)


def test_outside_debug_every_record_is_one_line_of_json(build, stderr, in_request):
    build()
    logging.getLogger("shop.cart").warning("two\nlines of %s", "text", extra={"amount": 3})
    (line,) = lines(stderr)
    assert line == {
        "time": line["time"],
        "level": "WARNING",
        "logger": "shop.cart",
        "message": "two\nlines of text",
        "request_id": "req-1",
        "amount": 3,
    }
    assert line["time"].endswith("Z")
    assert len(line["time"]) == len("2026-01-01T00:00:00.000Z")


def test_an_exception_stays_on_its_line(build, stderr):
    build()
    try:
        raise ValueError("first\nsecond\u2028third")
    except ValueError:
        logging.getLogger("shop").exception("failed")
    (line,) = lines(stderr)
    assert "ValueError: first\nsecond" in line["exception"]
    assert line["exception"].startswith("Traceback")
    assert "\u2028" not in stderr.getvalue()
    assert "request_id" not in line


def test_in_debug_it_is_text(build, stderr, in_request):
    build(debug=True)
    logging.getLogger("shop").info("hello")
    logging.getLogger("shop").debug("not this")
    assert stderr.getvalue().endswith(" INFO     shop: hello [req-1]\n")
    assert stderr.getvalue().count("\n") == 1


@pytest.mark.parametrize(
    ("format", "debug", "formatter"), [("json", True, JsonFormatter), ("text", False, TextFormatter)]
)
def test_the_format_can_be_chosen(build, format, debug, formatter):
    build(debug=debug, log=LogSettings(format=format))
    (handler,) = [handler for handler in logging.getLogger().handlers if isinstance(handler, StderrHandler)]
    assert type(handler.formatter) is formatter


def test_levels_are_set_for_all_and_for_some(build, stderr):
    build(log=LogSettings(level="warning", loggers={"shop": "debug"}))
    logging.getLogger("shop.cart").debug("seen")
    logging.getLogger("other").info("unseen")
    assert [line["message"] for line in lines(stderr)] == ["seen"]
    with pytest.raises(ValueError, match="'loud' is no level"):
        LogSettings(level="loud")


def test_two_projects_add_one_handler_and_the_last_decides(build, stderr):
    build(debug=True)
    build()
    logging.getLogger("shop").warning("once")
    assert [line["message"] for line in lines(stderr)] == ["once"]


def test_every_handler_of_every_logger_sees_the_id(build, in_request, caplog):
    build()
    stream = io.StringIO()
    own = logging.StreamHandler(stream)
    own.setFormatter(logging.Formatter("%(request_id)s %(name)s"))
    logger = logging.getLogger("shop.cart")
    logger.addHandler(own)
    logger.warning("x")
    assert stream.getvalue() == "req-1 shop.cart\n"
    assert caplog.records[-1].request_id == "req-1"


def test_a_library_may_give_an_id_of_its_own(build, stderr, in_request):
    build()
    logging.getLogger("shop").warning("x", extra={"request_id": "theirs"})
    assert lines(stderr)[0]["request_id"] == "theirs"


def test_a_record_written_later_keeps_the_id_of_its_making(build):
    build()
    token = request_id.set("then")
    record = logging.getLogger("shop").makeRecord("shop", logging.INFO, "f", 1, "m", (), None)
    request_id.reset(token)
    assert record.request_id == "then"
    assert logging.Formatter("%(request_id)s").format(record) == "then"


@pytest.mark.parametrize("odd", [math.nan, {1, 2}, {("a",): 1}, object(), b"\xff", float("inf")])
def test_odd_extras_still_make_json(build, stderr, odd):
    build()
    circle = {}
    circle["self"] = circle
    logging.getLogger("shop").warning("x", extra={"odd": odd})
    logging.getLogger("shop").warning("y", extra={"odd": circle})
    for line in stderr.getvalue().splitlines():
        assert "odd" in json.loads(line, parse_constant=pytest.fail)


def test_uvicorns_records_come_through_and_its_access_log_is_silent(build, stderr):
    import uvicorn

    uvicorn.Config("x:y").configure_logging()
    build()
    logging.getLogger("uvicorn.error").info("started")
    logging.getLogger("uvicorn.access").info("GET /")
    assert [line["message"] for line in lines(stderr)] == ["started"]
    assert not logging.getLogger("uvicorn.access").hasHandlers()
    build(log=LogSettings(requests=False))
    assert logging.getLogger("uvicorn.access").hasHandlers()
    assert not logging.getLogger("framework.requests").isEnabledFor(logging.INFO)


async def test_a_server_made_after_the_project_is_taken_over_when_it_starts(build, stderr):
    import uvicorn

    project = build()
    uvicorn.Config("x:y").configure_logging()
    async with project.lifespan():
        logging.getLogger("uvicorn.error").info("started")
    assert [line["message"] for line in lines(stderr)] == ["started"]


def test_a_handler_of_the_projects_own_on_uvicorns_loggers_stays(build):
    own = logging.NullHandler()
    logging.getLogger("uvicorn.access").addHandler(own)
    build()
    assert logging.getLogger("uvicorn.access").handlers == [own]


SERVED = """
from fastapi import APIRouter
import logging
router = APIRouter()

@router.get("/ok/{id}")
async def ok(id: str):
    logging.getLogger("served.child").info("within")
    return id

@router.get("/crash")
async def crash():
    raise RuntimeError("two\\nlines")
"""


def test_under_uvicorn_every_line_is_json_and_has_the_id(tmp_path: Path):
    app = tmp_path / "served"
    app.mkdir()
    (app / "__init__.py").touch()
    (app / "apps.py").write_text("from framework import AppConfig\nclass C(AppConfig):\n    name = 'served'\n")
    (app / "routes.py").write_text(SERVED)
    (tmp_path / "asgi.py").write_text(
        textwrap.dedent(
            """
            from framework import Project, Settings
            from framework.web import create_app
            key = "Zt4-q8Wm_2Lk9vRp7cXs1aBn6dYf3hJg0eUo5iTz"
            app = create_app(Project(Settings(secret_key=key, installed_apps=("framework.log", "served"))))
            """
        )
    )
    log = tmp_path / "log"
    with log.open("wb") as stream:
        server = subprocess.Popen(
            [sys.executable, "-m", "uvicorn", "asgi:app", "--port", "0"], cwd=tmp_path, stderr=stream
        )
    try:
        deadline = time.monotonic() + 20
        while "running on" not in log.read_text() and time.monotonic() < deadline:
            time.sleep(0.05)
        url = next(word for word in log.read_text().split() if word.startswith("http://127.0.0.1:")).strip('"')
        assert httpx.get(f"{url}/ok/token", headers={"x-request-id": "ok-1"}).status_code == 200
        assert httpx.get(f"{url}/crash", headers={"x-request-id": "crash-1"}).status_code == 500
    finally:
        server.terminate()
        server.wait(10)
    records = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    assert len(records) >= len(log.read_text().splitlines()) - 4  # uvicorn's first words come before the project's
    found = [(record["logger"], record["message"].partition(" in ")[0]) for record in records if "request_id" in record]
    assert found == [
        ("served.child", "within"),
        ("framework.requests", "GET /ok/{id} 200"),
        ("framework.requests", "GET /crash 500"),
        ("uvicorn.error", "Exception"),
    ]
    assert [record["request_id"] for record in records if "request_id" in record] == ["ok-1"] * 2 + ["crash-1"] * 2
    (trace,) = [record["exception"] for record in records if "exception" in record]
    assert "RuntimeError: two\nlines" in trace
    assert "token" not in log.read_text()
