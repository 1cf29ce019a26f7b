"""Importing by name: what is missing, what is broken, and what is of the wrong kind."""

import functools
from pathlib import Path

import pytest

from framework._modules import defined_in, expect, import_object, import_submodule, load, name_of, where
from framework.errors import ImproperlyConfigured


class Router[T]:
    def __init__(self) -> None: ...


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to import from, with the package `shelf`. Each test imports another module of it."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf/__init__.py").touch()
    monkeypatch.delitem(__import__("sys").modules, "shelf", raising=False)
    return tmp_path / "shelf"


def test_a_submodule_that_is_not_there_is_none(folder: Path) -> None:
    assert import_submodule("shelf", "absent") is None


def test_a_submodule_that_imports_what_is_not_there_is_broken_not_absent(folder: Path) -> None:
    (folder / "broken.py").write_text("import shelf.absent\n")
    with pytest.raises(ModuleNotFoundError) as caught:
        import_submodule("shelf", "broken")
    assert caught.value.name == "shelf.absent"


def test_a_package_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ModuleNotFoundError):
        import_submodule("no_such_package", "models")


def test_an_error_inside_a_module_has_no_frame_of_the_import_machinery(folder: Path) -> None:
    (folder / "raising.py").write_text("1 / 0\n")
    with pytest.raises(ZeroDivisionError) as caught:
        load("shelf.raising")
    assert [Path(str(entry.path)).name for entry in caught.traceback] == [
        "test_modules.py",
        "raising.py",
    ]


def test_an_object_is_found_by_its_path_and_by_names_within_it() -> None:
    assert import_object("pathlib:Path") is Path
    assert import_object("pathlib:Path.home") == Path.home


@pytest.mark.parametrize(
    ("path", "message", "hint"),
    [
        ("pathlib.Path", "'pathlib.Path' is not an import path.", "Write it as 'pathlib:Path'."),
        ("pathlib", "'pathlib' is not an import path.", "Write it as 'package.module:name'."),
        ("", "'' is not an import path.", "Write it as 'package.module:name'."),
        ("pathlib:", "'pathlib:' is not an import path.", "Write it as 'package.module:name'."),
        (":Path", "':Path' is not an import path.", "Write it as 'package.module:name'."),
        ("path lib:Path", "'path lib:Path' is not an import path.", "Write it as 'package.module:name'."),
        ("pathlib:Paht", "'pathlib:Paht' names nothing: pathlib has no 'Paht'.", "Did you mean 'Path'?"),
        (
            "no_such.module:name",
            "'no_such.module:name' names nothing: there is no module 'no_such'.",
            "Check the spelling, and that the package is installed or stands in the project's folder.",
        ),
    ],
)
def test_a_path_that_names_nothing_says_which_part(path: str, message: str, hint: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        import_object(path)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_path_to_a_broken_module_surfaces_what_broke(folder: Path) -> None:
    (folder / "pathbroken.py").write_text("import no_such_library\n")
    with pytest.raises(ModuleNotFoundError) as caught:
        import_object("shelf.pathbroken:name")
    assert caught.value.name == "no_such_library"


def expected(folder: Path, name: str, source: str) -> Router[str]:
    (folder / f"{name}.py").write_text(f"from tests.test_modules import Router\n{source}\n")
    return expect(load(f"shelf.{name}"), "router", Router[str])


def test_expect_returns_the_value_of_the_wanted_type(folder: Path) -> None:
    assert isinstance(expected(folder, "right", "router = Router()"), Router)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("", "{file} defines no `router`; wanted `router = Router(...)`.  [modules.missing-name]"),
        (
            "api = Router()",
            "{file} defines no `router`; wanted `router = Router(...)`.\n"
            "  Hint: Rename `api` to `router`.  [modules.missing-name]",
        ),
        (
            "routers = []",
            "{file} defines no `router`; wanted `router = Router(...)`.\n"
            "  Hint: Did you mean 'routers'?  [modules.missing-name]",
        ),
        ("router = []", "`router` in {file} is list; wanted `router = Router(...)`.  [modules.wrong-type]"),
        ("router = None", "`router` in {file} is NoneType; wanted `router = Router(...)`.  [modules.wrong-type]"),
        (
            "router = Router",
            "`router` in {file} is the class Router; wanted `router = Router(...)`.  [modules.wrong-type]",
        ),
    ],
)
def test_expect_names_the_file_the_wanted_and_the_found(folder: Path, source: str, text: str) -> None:
    name = f"wrong_{abs(hash(source))}"
    with pytest.raises(ImproperlyConfigured) as caught:
        expected(folder, name, source)
    assert str(caught.value) == text.format(file=folder / f"{name}.py")


def test_a_name_belongs_to_the_module_or_submodule_that_wrote_it() -> None:
    import importlib

    json = importlib.import_module("json")
    assert defined_in(json.JSONDecoder, json)
    assert not defined_in(Path, json)
    assert not defined_in(3, json)


def test_names_and_places_are_told_of_anything() -> None:
    line = Path(__file__).read_text().splitlines().index("class Router[T]:") + 1
    assert where(Router) == f"{__file__}:{line}"
    assert where(functools.wraps(expected)(lambda: None)) == where(expected)
    assert where(3) == "3"
    assert where(dict) == "dict"
    assert name_of(Router[int]) == f"{__name__}.Router[int]"
    assert name_of(Router) == f"{__name__}.Router"
    assert name_of(functools.partial(len)).startswith("functools.partial")
