"""The page on production: its code runs, and the settings that it names are there with the values it gives."""

import re
from pathlib import Path

from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser

from framework import Project
from framework.db import DatabaseSettings
from framework.web import WebSettings
from framework.web.settings import LoadSettings, TimeoutSettings

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "production.md"


def blocks() -> dict[str, str]:
    """Return the files of the page by their names."""
    document = Sybil([CodeBlockParser("python", evaluator=lambda _: None)]).parse(PAGE)
    texts = [example.region.parsed for example in document.examples()]
    found = [re.match(r"# ([\w/]+)\.py\n", text) for text in texts]
    assert all(found)
    return {match[1]: text for match, text in zip(found, texts, strict=True) if match}


def test_the_settings_of_the_page_load():
    namespace: dict[str, object] = {"__name__": "production"}
    exec(compile(blocks()["config/settings"], str(PAGE), "exec"), namespace)
    settings = namespace["ProjectSettings"](_env_file=None, secret_key="only for tests " * 4)
    assert Project(settings).settings.section(WebSettings).trusted_proxies == ("10.0.0.0/8", "unix")


async def test_the_routes_of_the_page_have_the_deadlines_it_says(build, client, write):
    write("dated", routes=blocks()["blog/routes"])
    async with client(build("dated")) as http:
        late = await http.get("/summary")
        assert (late.status_code, late.json()["code"]) == (504, "deadline_exceeded")
        assert (await http.get("/export")).json() == "exported"


def test_the_settings_that_the_page_names_are_there_with_these_values():
    page = PAGE.read_text()
    sections = {
        "WEB__TIMEOUTS": TimeoutSettings,
        "WEB__LOAD": LoadSettings,
        "WEB": WebSettings,
        "DATABASE": DatabaseSettings,
    }
    named = re.findall(r"(WEB__TIMEOUTS|WEB__LOAD|WEB|DATABASE)__([A-Z_]+)", page)
    assert len(named) > 8
    for section, name in named:
        assert name.lower() in sections[section].model_fields, f"{section}__{name}"
    given = re.findall(r"(WEB__TIMEOUTS|WEB__LOAD|DATABASE)__([A-Z_]+)`[^(`]*\((\d+)\)", page)
    assert len(given) >= 7
    for section, name, value in given:
        assert sections[section].model_fields[name.lower()].default == float(value), f"{section}__{name}"
