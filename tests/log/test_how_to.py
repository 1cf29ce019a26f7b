"""The page on the log: its project writes what the page shows."""

import json
import logging
import re
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import httpx
import pytest

from framework import Project
from framework.log import LogSettings, TextFormatter
from framework.log.setup import StderrHandler
from framework.web import WebSettings, create_app
from tests.documents import HOW_TO, blocks, files
from tests.programs import write

PAGE = HOW_TO / "logging.md"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Any]:
    """The settings class of the page, beside its app."""
    write(tmp_path, {**files(PAGE), "config/__init__.py": "", "shop/__init__.py": ""})
    monkeypatch.syspath_prepend(str(tmp_path))
    from config.settings import ProjectSettings

    yield ProjectSettings
    for module in [name for name in sys.modules if name.partition(".")[0] in ("config", "shop")]:
        del sys.modules[module]
    for name in ("httpx", "framework.auth.security", "sqlalchemy.engine"):
        logging.getLogger(name).setLevel(logging.NOTSET)


def load(settings: Any, **environ: str) -> Project:
    return Project(settings(_env_file=None, _secrets_dir=None, _environ=environ, secret_key="only for tests " * 4))


async def sell(project: Project) -> httpx.Response:
    app = create_app(project)
    transport = httpx.ASGITransport(app, client=("203.0.113.7", 1))
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://localhost") as http,
    ):
        return await http.post("/shop/7", params={"count": 2}, headers={"X-Request-ID": "a1b2"})


async def test_the_lines_are_those_of_the_page(settings, tmp_path, capsys):
    assert (await sell(load(settings))).json() == "a1b2"
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    shown = [json.loads(line) for line in blocks(PAGE, "json")[0].splitlines()]
    assert [list(line) for line in lines] == [list(line) for line in shown]
    for line in (*lines, *shown):
        line["message"] = re.sub(r"[\d.]+ ms", "… ms", line["message"].replace("/api", ""))
        for name in ("time", "milliseconds", "route"):
            line.pop(name, None)
    assert lines == shown
    (kept,) = (tmp_path / "sales.log").read_text().splitlines()
    assert json.loads(kept).items() >= {"logger": "shop", "request_id": "a1b2", "order": 7}.items()


async def test_a_variable_sets_the_level_of_a_logger_beside_those_of_the_settings(settings, monkeypatch):
    (line,) = re.findall(r"LOG__LOGGERS='(.*?)'", "\n".join(blocks(PAGE, "shell")))
    load(settings, LOG__LOGGERS=line)
    levels = {name: logging.getLogger(name).level for name in ("sqlalchemy.engine", "httpx")}
    assert levels == {"sqlalchemy.engine": logging.INFO, "httpx": logging.WARNING}


async def test_the_format_the_id_and_the_lines_of_requests_are_chosen(settings, capsys):
    project = load(settings, LOG__FORMAT="text", LOG__REQUESTS="0", WEB__REQUEST_ID__TRUST="0")
    response = await sell(project)
    assert response.headers["x-request-id"] == response.json() != "a1b2"
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(f"shop: Sold 2 chairs [{response.json()}]")
    (handler,) = [each for each in logging.getLogger().handlers if isinstance(each, StderrHandler)]
    assert isinstance(handler.formatter, TextFormatter)


def test_the_settings_and_loggers_that_the_page_names_are_there():
    page = PAGE.read_text()
    sections = {"LOG__": LogSettings(), "WEB__REQUEST_ID__": WebSettings().request_id}
    for prefix, section in sections.items():
        named = re.findall(rf"\b{prefix}([A-Z_]+)", page)
        assert named
        assert {name.lower() for name in named} <= set(type(section).model_fields)
    source = "".join(path.read_text() for path in (HOW_TO.parents[1] / "framework").rglob("*.py"))
    loggers = re.findall(r"`(framework\.\w+(?:\.\w+)?)` (?:writes|names|tells)", page)
    assert len(loggers) == 4
    for name in loggers:
        assert f'getLogger("{name}")' in source
