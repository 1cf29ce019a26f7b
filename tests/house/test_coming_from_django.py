"""The page for those who come from Django: whatever it names here is there."""

import importlib
import re

from framework.management.catalogue import Catalogue
from tests.documents import HOW_TO
from tests.house.pages import REFERENCE
from tests.house.test_front_doors import BATTERIES, front_doors

PAGE = HOW_TO / "coming-from-django.md"
LINES = [line.strip("| ") for line in PAGE.read_text().splitlines() if line.startswith("| ")]
ROWS = [line.partition(" | ")[::2] for line in LINES if not line.startswith("Django |")]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_row_has_something_here() -> None:
    assert len(ROWS) > 60
    assert all(django and here for django, here in ROWS)


def test_names_can_be_imported_from_where_the_page_says() -> None:
    names = set(re.findall(r"`(framework(?:\.\w+)*)`", PAGE.read_text()))
    assert len(names) > 50
    for name in names:
        door = max((door for door in front_doors() if f"{name}.".startswith(f"{door}.")), key=len)
        value = importlib.import_module(door)
        for part in filter(None, name.removeprefix(door).split(".")):
            assert not hasattr(value, "__all__") or part in value.__all__, name
            value = getattr(value, part)


def test_settings_are_in_the_reference() -> None:
    page = (REFERENCE / "settings.md").read_text()
    pattern = r"(?:web|auth|cache|database|mail)(?:\.\w+)+"
    settings = [text for _, here in ROWS for text in code(here) if re.fullmatch(pattern, text)]
    assert len(settings) > 20
    for name in settings:
        assert f"| `{name}` |" in page, name


def test_commands_that_are_the_same_are_there() -> None:
    catalogue = Catalogue()
    catalogue.add_core()
    catalogue.add_apps(f"framework.{name}" for name in BATTERIES)
    commands = {text.partition(" ")[0] for django, here in ROWS if here == "the same" for text in code(django)}
    assert len(commands) > 10
    assert commands <= {*catalogue.entries}
