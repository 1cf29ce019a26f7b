"""What a person most likely meant by an entry of `installed_apps` that names no app."""

import sys
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from framework.apps.entries import Entry
from framework.errors import AppNotFound


def no_app(entry: Entry, package: ModuleType | None, plugins: Iterable[str]) -> AppNotFound:
    """Return the error for an entry that is no app: a package without `apps.py`, or nothing at all."""
    name = entry.text
    known = sorted({*plugins, *_findable()} - {name})
    if (parts := _joined(name, known)) is not None:
        return AppNotFound(f"There is no app {entry}.", hint=f"A comma is missing: {', '.join(map(repr, parts))}.")
    near = get_close_matches(name, known, n=1) or [app for app in known if _last(app) == _last(name)]
    hint = f"Did you mean {near[0]!r}?" if near else None
    if package is not None:
        file = Path(next(iter(package.__path__))) / "apps.py"
        wanted = f"Write {file}:\n\n{source_of_config(name)}"
        return AppNotFound(f"{entry} is no app: it has no apps.py.", hint=hint or wanted, code="apps.no-config")
    if (app := _app_above(name)) is not None:
        return AppNotFound(f"{entry} is no package; an entry names the app's package.", hint=f"Write {app!r}.")
    if (file := getattr(sys.modules.get(name), "__file__", None)) is not None:
        return AppNotFound(
            f"{entry} is a single module, {file}; an app is a package.",
            hint=f"Make it a folder: {name}/__init__.py and {name}/apps.py.",
        )
    make = f"Make it with `python manage.py startapp{f' {name}' if name.isidentifier() else ''}`"
    return AppNotFound(f"There is no app {entry}.", hint=hint or f"{make}, or install the package that brings it.")


def source_of_config(name: str) -> str:
    """Return an `apps.py` for the package `name`, to paste."""
    title = "".join(part.capitalize() for part in name.rpartition(".")[2].split("_"))
    return f'    from framework import AppConfig\n\n\n    class {title}Config(AppConfig):\n        name = "{name}"\n'


def package_of(label: str, plugins: Iterable[str]) -> str | None:
    """Return the entry that would most likely install the app of a label, or `None` when nothing here would."""
    return next((name for name in (*plugins, *_findable()) if _last(name) == label), None)


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _joined(name: str, known: Iterable[str]) -> tuple[str, str] | None:
    """Return the two apps whose names stand in `name`, as Python joins texts without a comma between them."""
    return next(((app, rest) for app in known if (rest := name.removeprefix(app)) != name and rest in known), None)


def _app_above(name: str) -> str | None:
    """Return the app that `shop.apps.ShopConfig` or `shop.models` lies in."""
    while name := name.rpartition(".")[0]:
        spec = find_spec(f"{name}.apps") if hasattr(sys.modules.get(name), "__path__") else None
        if spec is not None and spec.submodule_search_locations is None:  # the `apps` of `framework` is a folder
            return name
    return None


def _findable() -> Iterator[str]:
    """Yield the packages with an `apps.py` in the framework and in the folders that Python imports from."""
    yield from (f"framework.{file.parent.name}" for file in sorted(Path(__file__).parents[1].glob("*/apps.py")))
    for folder in sys.path:
        for depth in ("*", "*/*"):
            for file in sorted(Path(folder or ".").glob(f"{depth}/apps.py")):
                names = file.relative_to(folder or ".").parts[:-1]
                if all(name.isidentifier() for name in names):
                    yield ".".join(names)
