"""Which app a model belongs to: the nearest `apps.py` above its module, whatever project is loaded."""

import sys
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from sqlmodel import SQLModel
from sqlmodel.main import default_registry

from framework.apps import AppConfig
from framework.errors import ImproperlyConfigured

__all__ = ["all_models", "find_model", "label_above", "label_of", "package_of", "path_of"]

# Labels are code, not configuration: one package holds one for the life of the process.
packages: dict[str, str] = {}


def label_of(model: type) -> str | None:
    """Return the label of the app that `model` was written in, or `None` when no `apps.py` stands above it."""
    return label_above(model.__module__)


def path_of(model: type) -> str:
    """Return `label.Class`, the name by which other apps reach a model; `module.Class` outside any app."""
    return f"{label_of(model) or model.__module__}.{model.__name__}"


def all_models() -> list[type[SQLModel]]:
    """Return every table model of the process, by name."""
    return sorted((mapper.class_ for mapper in default_registry.mappers), key=path_of)


def find_model(label: str, name: str) -> type[SQLModel] | None:
    """Return the model `label.name` if it was made already."""
    for mapper in default_registry.mappers:
        if mapper.class_.__name__ == name and label_of(mapper.class_) == label:
            return mapper.class_
    return None


def package_of(label: str) -> str | None:
    """Return the package of the app with `label`, if a model of it was made in this process."""
    return packages.get(label)


@cache
def label_above(module: str) -> str | None:
    """Return the label of the nearest app above a module, or `None`."""
    package = module
    while package:
        if hasattr(sys.modules.get(package), "__path__") and (label := label_in(package)):
            return label
        package = package.rpartition(".")[0]
    return None


def label_in(package: str) -> str | None:
    if find_spec(f"{package}.apps") is None:
        return None
    module = import_module(f"{package}.apps")
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, AppConfig) and value.__module__ == module.__name__:
            label = value().app_label
            if (holder := packages.setdefault(label, package)) != package:
                raise ImproperlyConfigured(
                    f"Two apps in this process are labelled {label!r}: {holder!r} and {package!r}.",
                    hint=f"Set another `label` on {value.__qualname__} in {module.__file__}.",
                    code="db.label-taken",
                )
            return label
    return None
