"""Front doors of packages: names that are loaded when they are used."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

DOOR = """
from framework.lazy import front_door

__getattr__, __dir__ = front_door(__name__, {"things": ["Thing"], "deep.place": ["where", "other"]})
"""


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    folder = tmp_path / "lazy_package"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "__init__.py").touch()
    (folder / "__init__.py").write_text(DOOR)
    (folder / "things.py").write_text("class Thing: ...\n")
    (folder / "deep" / "place.py").write_text("where = 'here'\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("lazy_package")
    for name in [name for name in sys.modules if name.partition(".")[0] == "lazy_package"]:
        del sys.modules[name]


def test_a_module_is_loaded_when_a_name_of_it_is_used_and_no_other(package: ModuleType) -> None:
    assert not [name for name in sys.modules if name.startswith("lazy_package.")]
    assert package.Thing is importlib.import_module("lazy_package.things").Thing
    assert "lazy_package.deep" not in sys.modules
    assert package.where == "here"


def test_a_name_is_looked_up_once(package: ModuleType) -> None:
    assert vars(package).get("where") is None
    assert package.where is vars(package)["where"]


def test_what_is_not_offered_is_no_attribute(package: ModuleType) -> None:
    with pytest.raises(AttributeError, match=r"^module 'lazy_package' has no attribute 'Nothing'$"):
        _ = package.Nothing
    with pytest.raises(AttributeError, match="has no attribute 'other'"):  # offered, but its module has none
        _ = package.other


def test_all_names_are_listed_before_they_are_loaded(package: ModuleType) -> None:
    assert dir(package) == ["Thing", "other", "where"]
