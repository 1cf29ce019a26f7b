"""From one entry of `installed_apps` to its app: a package, or the name of an installed plugin."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from keyword import iskeyword
from types import ModuleType
from typing import cast

from framework._modules import defined_in, file_of, import_submodule, is_missing, load, name_of, where
from framework.apps.config import AppConfig
from framework.apps.entries import Entry
from framework.apps.suggestions import no_app, source_of_config
from framework.errors import AppNotFound, ImproperlyConfigured

ENTRY_POINT_GROUP = "framework.apps"


def plugins() -> Sequence[EntryPoint]:
    """Return the apps that installed packages offer by name.

    A process that makes many projects, as tests do, reads them once: again when a folder that Python imports from has
    changed since.
    """
    changed: dict[str, int] = {}
    for folder in sys.path:
        with suppress(OSError):
            changed[folder] = os.stat(folder or ".").st_mtime_ns
    return _offered(tuple(changed.items()))


@lru_cache(maxsize=1)
def _offered(folders: tuple[tuple[str, int], ...]) -> Sequence[EntryPoint]:
    return tuple(entry_points(group=ENTRY_POINT_GROUP))


def load_app(entry: Entry, points: Sequence[EntryPoint] = ()) -> AppConfig:
    """Return the app of an entry: an importable package first, the name of an installed plugin second."""
    named = sorted((point for point in points if point.name == entry.text), key=lambda point: point.value)
    package = _package(entry)
    module = import_submodule(entry.text, "apps") if package else None
    own = _only_config(module, entry) if module else None
    plugin = _plugin(entry, named) if named else None
    if own and plugin and own is not plugin:
        raise ImproperlyConfigured(
            f"{entry} is two apps: {_origin(own)} and {_origin(plugin)}, an entry point of {_distribution(named[0])}.",
            hint=f"Write {_package_of(plugin)!r} for the plugin, or rename the package {entry.text!r}.",
            code="apps.ambiguous",
        )
    if config := own or plugin:
        return _checked(config)
    raise no_app(entry, package, [point.name for point in points])


def _package(entry: Entry) -> ModuleType | None:
    """Return the package that an entry names; `None` when there is none, so that a plugin may have the name."""
    if not all(part.isidentifier() for part in entry.text.split(".")):
        return None
    try:
        module = load(entry.text)
    except ModuleNotFoundError as error:
        if is_missing(error, entry.text):
            return None
        raise
    return module if hasattr(module, "__path__") else None


def _only_config(module: ModuleType, entry: Entry) -> type[AppConfig]:
    """Return the one `AppConfig` of an app's `apps.py`. Base classes for several apps belong elsewhere."""
    found = [
        value
        for value in vars(module).values()
        if isinstance(value, type) and issubclass(value, AppConfig) and defined_in(value, module)
    ]
    if len(found) > 1:
        classes = " and ".join(f"{value.__name__} (line {where(value).rpartition(':')[2]})" for value in found)
        raise ImproperlyConfigured(
            f"{file_of(module)} defines {len(found)} AppConfigs, {classes}; wanted exactly one.",
            hint="Keep one. A base class for several apps belongs in a module that is no apps.py.",
            code="apps.two-configs",
        )
    if not found:
        raise AppNotFound(
            f"{file_of(module)} defines no AppConfig; wanted exactly one.",
            hint=f"Write there:\n\n{source_of_config(entry.text)}",
            code="apps.no-config",
        )
    return found[0]


def _plugin(entry: Entry, points: Sequence[EntryPoint]) -> type[AppConfig]:
    """Return what an entry point gives, when it is an `AppConfig` and no other distribution claims the name."""
    if len({point.value for point in points}) > 1:
        claims = " and ".join(f"{_distribution(point)} ({point.value})" for point in points)
        raise ImproperlyConfigured(
            f"{entry} is an entry point of more than one distribution: {claims}.",
            hint="Write the package of the one you mean in its place.",
            code="apps.ambiguous",
        )
    point = points[0]
    origin = f"{entry} is the entry point {point.value!r} of {_distribution(point)}"
    try:
        module = load(point.module)
    except ModuleNotFoundError as error:
        if not is_missing(error, point.module):
            raise
        raise AppNotFound(f"{origin}, and there is no module {error.name!r}.", code="apps.entry-point") from None
    config: object = getattr(module, point.attr, None)
    found = "nothing" if config is None else repr(config)
    if not (isinstance(config, type) and issubclass(config, AppConfig)):
        raise ImproperlyConfigured(
            f"{origin}, which is {found}; wanted a subclass of AppConfig.",
            hint=f"Its pyproject.toml must name the class in {file_of(module)}.",
            code="apps.entry-point",
        )
    return config


def _distribution(point: EntryPoint) -> str:
    return point.dist.name if point.dist else "an unknown distribution"


def _origin(config: type[AppConfig]) -> str:
    return f"{name_of(config)} ({where(config)})"


def _package_of(config: type[AppConfig]) -> str:
    """Return the package whose `apps.py`, or a module of its `apps/`, holds the class."""
    name = config.__module__
    while name.rpartition(".")[2] != "apps" and "." in name:
        name = name.rpartition(".")[0]
    return name.rpartition(".")[0] or config.__module__


def _checked(config: type[AppConfig]) -> AppConfig:
    """Return the app of a config class whose attributes can work as written."""
    package, name = _package_of(config), getattr(config, "name", None)
    if name != package:
        found = "no name" if name is None else f"name = {name!r}, but is the app of the package {package!r}"
        raise ImproperlyConfigured(
            f"{_origin(config)} has {found}.", hint=f'Write name = "{package}" in it.', code="apps.name"
        )
    requires = cast("object", config.requires)
    if isinstance(requires, str):
        raise ImproperlyConfigured(
            f"{_origin(config)} has requires = {requires!r}; wanted a tuple of labels.",
            hint=f"Write requires = ({requires!r},) with the comma.",
            code="apps.requires",
        )
    app = config()
    if not app.app_label.isidentifier() or iskeyword(app.app_label):
        proper = "".join(char if char.isalnum() else "_" for char in app.app_label)
        proper += "_" if iskeyword(proper) else ""
        raise ImproperlyConfigured(
            f"{_origin(config)} has label = {app.app_label!r}, which is no Python identifier.",
            hint=f'Write label = "{proper}" in it.',
            code="apps.label",
        )
    return app
