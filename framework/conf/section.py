"""The settings of one app."""

import importlib
import importlib.util
from collections.abc import Iterable
from types import ModuleType
from typing import Any, ClassVar, cast

from pydantic import BaseModel, ConfigDict
from pydantic.fields import FieldInfo

from framework._modules import defined_in
from framework.conf.fields import alternatives
from framework.conf.layers import Target
from framework.conf.redaction import redacted

__all__ = ["Section", "prefix_of", "section_of", "sections_of", "target_of_section"]


class Section(BaseModel):
    """The settings of one app: a frozen value, made of the app's defaults and the variables that start with its prefix.

    The prefix is the section's field name in the project's settings; in a project that doesn't declare it, the
    class variable `prefix` where there is one, else the app's label.
    """

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        validate_default=True,
        validate_by_name=True,
        validate_by_alias=True,
        hide_input_in_errors=True,
    )

    variables: ClassVar[dict[str, str]] = {}
    """Fields that platforms set under names of their own: `{"DATABASE_URL": "url"}`."""

    def __repr_args__(self) -> Iterable[tuple[str | None, Any]]:
        return [(name, redacted(name, getattr(self, name, None))) for name in type(self).model_fields]


def section_of(field: FieldInfo) -> type[Section] | None:
    """Return the section a field of the project's settings holds: its default's class, else the one it asks for."""
    if isinstance(field.default, Section):
        return type(field.default)
    found = (kind for kind in alternatives(field.annotation) if isinstance(kind, type) and issubclass(kind, Section))
    return next(found, None)


def target_of_section(prefix: str, section: type[Section]) -> Target:
    """Return what the sources are asked for, for a section."""
    return Target(prefix, section, {variable.lower(): (key,) for variable, key in section.variables.items()})


def sections_of(module: ModuleType) -> list[type[Section]]:
    """Return the sections that a module, or a submodule of it, brings: not those that others are made of."""
    written = [kind for kind in vars(module).values() if isinstance(kind, type) and defined_in(kind, module)]
    found = [kind for kind in written if issubclass(kind, Section)]
    bases = {base for kind in found for base in kind.__mro__[1:]}
    parts = {part for kind in found for field in kind.model_fields.values() for part in alternatives(field.annotation)}
    return [kind for kind in found if kind not in bases and kind not in parts]


def prefix_of(section: type[Section]) -> str:
    """Return the prefix of a section that the project doesn't declare."""
    for kind in section.__mro__:
        prefix = vars(kind).get("prefix")
        if isinstance(prefix, str):
            return prefix
    package = section.__module__
    while package:
        if label := label_of(package):
            return label
        package = package.rpartition(".")[0]
    return home_of(section).rpartition(".")[2]


def home_of(section: type[Section]) -> str:
    """Return the package a section is written in, or its module where that stands alone."""
    return section.__module__.rpartition(".")[0] or section.__module__


def label_of(package: str) -> str | None:
    """Return the label of the app in a package, or `None` when the package is no app."""
    dotted = f"{package}.apps"
    try:
        if importlib.util.find_spec(dotted) is None:
            return None
    except ModuleNotFoundError:
        return None
    module = importlib.import_module(dotted)
    for value in vars(module).values():
        # An app's configuration is known by its shape: this floor is below the one that knows the class.
        name = getattr(value, "name", None)
        if isinstance(value, type) and defined_in(value, module) and hasattr(value, "requires") and name:
            return str(cast("Any", value).label or name.rpartition(".")[2])
    return None
