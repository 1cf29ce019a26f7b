"""The pages that are made from the code are as the code is, and leave nothing out."""

from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from pydantic import BaseModel

from framework.conf import Section, Settings
from framework.conf.fields import model_of
from framework.web import WebSettings
from tests.documents import blocks
from tests.house.commands_page import commands, parameters
from tests.house.names_page import about, packages
from tests.house.pages import PAGES, REFERENCE
from tests.house.settings_page import fields, sections


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_a_page_made_from_the_code_is_current(path: Path) -> None:
    assert path.read_text() == PAGES[path](), "write it anew: just pages"


def test_the_class_on_the_page_of_settings_reads_variables_as_it_says() -> None:
    (block,) = blocks(REFERENCE / "settings.md", "python")
    names: dict[str, Any] = {"__name__": "config.settings"}
    exec(block, names)
    environ = {"CACHE__TTL": "30", "WEB__MOUNTS": '{"shop": "/shop"}', "ALLOWED_HOSTS": "a, b"}
    settings = names["ProjectSettings"](_environ=environ, _env_file=None, _secrets_dir=None)
    assert (settings.cache.ttl, settings.cache.prefix, settings.allowed_hosts) == (30, "site:", ("a", "b"))
    assert settings.section(WebSettings).mounts == {"shop": "/shop"}


def groups(model: type[BaseModel]) -> list[type[BaseModel]]:
    """Return a class of settings and the groups in it."""
    inner = [kind for field in model.model_fields.values() if (kind := model_of(field.annotation))]
    return [model, *(part for kind in inner for part in groups(kind))]


@pytest.mark.parametrize(
    "model", [group for model in (Settings, *sections()) for group in groups(model)], ids=lambda model: model.__name__
)
def test_every_setting_says_what_it_does(model: type[BaseModel]) -> None:
    assert model.__doc__
    for name, _, said in fields(model):
        assert said.doc.endswith((".", ":", "`")), f"{model.__name__}.{name}: {said.doc!r}"


def test_every_section_of_the_source_is_on_the_page() -> None:
    known = [kind for kind in Section.__subclasses__() if kind.__module__.startswith("framework.")]
    assert set(known) == set(sections())
    page = (REFERENCE / "settings.md").read_text()
    for section in known:
        assert f"import {section.__name__}`" in page
        for name, field in section.model_fields.items():
            assert model_of(field.annotation) or f"__{name.upper()}` |" in page, f"{section.__name__}.{name}"


@pytest.mark.parametrize("package", packages(), ids=lambda package: package.__name__)
def test_every_public_name_says_what_it_is(package: ModuleType) -> None:
    for name in package.__all__:
        assert about(package, name).endswith((".", "?", "`")), f"{package.__name__}.{name}: {about(package, name)!r}"


def test_every_command_and_what_it_takes_is_explained() -> None:
    for name, command in [each for own in commands().values() for each in own]:
        assert command.help.endswith("."), name
        for parameter in parameters(command):
            assert parameter.help.endswith((".", "`")), f"{name} {parameter.name}: {parameter.help}"
