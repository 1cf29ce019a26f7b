"""Packages whose names are loaded when they are used (PEP 562), so that a settings file may import any of them."""

import sys
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module

__all__ = ["front_door"]


def front_door(
    package: str, homes: Mapping[str, Iterable[str]]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return `__getattr__` and `__dir__` of a package that offers names of its modules.

    `homes` has the names by module: `{"mailers": ["Mailer", "SmtpMailer"]}`. A name is looked up once. The package
    imports the same names below `if TYPE_CHECKING` and lists them in `__all__`, for type checkers and readers.
    """
    module_of = {name: module for module, names in homes.items() for name in names}

    def getattribute(name: str) -> object:
        if name not in module_of:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value: object = getattr(import_module(f"{package}.{module_of[name]}"), name)
        setattr(sys.modules[package], name, value)
        return value

    return getattribute, lambda: sorted(module_of)
