"""Writes docs/reference/settings.md from the settings classes of the project, the web and every battery."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, Literal, TypeAliasType, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

import framework
from framework.conf import Section, Settings
from framework.conf.fields import alternatives, annotation_of, model_of
from framework.conf.section import prefix_of
from tests.house.docstrings import Assignment, assignments

__all__ = ["fields", "page", "sections"]

SOURCE = Path(framework.__file__).parent
BOUNDS = {"gt": ">", "ge": "≥", "lt": "<", "le": "≤"}
HEAD = """\
# Settings

Every setting of the framework and its batteries. This page is made from the code by `just pages`.

A project's settings are a class. A section stands in it where the project has defaults of its own, and is there anyhow:

```python
# config/settings.py
from framework import Settings
from framework.cache import CacheSettings


class ProjectSettings(Settings):
    installed_apps: tuple[str, ...] = ("framework.db", "framework.cache")
    cache: CacheSettings = CacheSettings(prefix="site:", ttl=60)
```

A variable changes one setting and leaves the others: `CACHE__TTL=30`. It is looked for in the environment, then in
`.env`, then in the folder `/run/secrets`, then in a TOML file where the class names one. Lists are written `a,b` or as
JSON, mappings as JSON: `WEB__MOUNTS='{"shop": "/shop"}'`. An empty variable says nothing, unless the setting is a plain
text; `None` is written in the JSON of its group: `WEB__TIMEOUTS='{"deadline": null}'`. A section that the project
declares under another name has that name in its variables.

`python manage.py settings` shows all that are in force, the file and line that each came from, and variables that
nothing reads. A value that is refused ends the start with a message that names it.
"""


def sections() -> list[type[Section]]:
    """Return every section that the source defines, by their prefixes."""
    found: list[type[Section]] = []
    for path in SOURCE.rglob("*.py"):
        for name in re.findall(r"^class (\w+)\(Section\):", path.read_text(), flags=re.MULTILINE):
            module = ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts)
            found.append(getattr(importlib.import_module(module), name))
    return sorted(found, key=prefix_of)


def fields(model: type[BaseModel]) -> Iterator[tuple[str, FieldInfo, Assignment]]:
    """Yield the fields of a group of settings, each with what its class says of it."""
    said = assignments(model)
    for name, field in model.model_fields.items():
        yield name, field, said[name]


def page() -> str:
    """Return the whole page."""
    groups = [("", Settings), *((prefix_of(section), section) for section in sections())]
    return "\n".join([HEAD, *(part for path, model in groups for part in group(path, model))])


def group(path: str, model: type[BaseModel]) -> Iterator[str]:
    """Yield the heading and the table of a group, then its groups."""
    title = f"`{path}`" if path else "The project"
    yield f"{'#' * (path.count('.') + 2)} {title}\n"
    yield f"{doc(model)}\n"
    inner = {name: kind for name, field, _ in fields(model) if (kind := model_of(field.annotation))}
    rows = [row(path, model, *item) for item in fields(model) if item[0] not in inner]
    yield "\n".join(["| setting | variable | type | default | |", "|---|---|---|---|---|", *rows, ""])
    for name, kind in inner.items():
        yield from group(f"{path}.{name}", kind)


def doc(model: type[BaseModel]) -> str:
    """Return what a group is, and where its class is imported from when a project names it."""
    if model is Settings:
        return "Fields of the project's own class, which derives from `framework.Settings`."
    text = " ".join((model.__doc__ or "").split())
    package = ".".join(model.__module__.split(".")[:2])
    return f"`from {package} import {model.__name__}`. {text}" if issubclass(model, Section) else text


def row(path: str, model: type[BaseModel], name: str, field: FieldInfo, said: Assignment) -> str:
    full = f"{path}.{name}".strip(".")
    variables = [full.replace(".", "__").upper()]
    if issubclass(model, Section):
        variables = [*(variable for variable, key in model.variables.items() if key == name), *variables]
    cells = [
        f"`{full}`",
        ", ".join(f"`{text}`" for text in variables),
        kind(annotation_of(field)),
        default(field, said),
        said.doc,
    ]
    return f"| {' | '.join(cell.replace('|', '\\|') for cell in cells)} |"


def default(field: FieldInfo, said: Assignment) -> str:
    """Return the default: as it is written where that is a product, which is easier to read than its result."""
    if isinstance(said.value, ast.BinOp):
        return f"`{ast.unparse(said.value)}`"
    value = field.get_default(call_default_factory=True, validated_data={})
    text = repr(value.get_secret_value() if isinstance(value, SecretStr) else value)
    return "`" + text.replace("'", '"') + "`"


def kind(annotation: Any) -> str:
    """Return a type for people, with its bounds."""
    kinds = [one for one in alternatives(annotation) if one is not NoneType]
    choices = [choice for one in kinds if get_origin(one) is Literal for choice in get_args(one)]
    names = [f'`"{choice}"`' for choice in choices] or [f"`{code(one)}`" for one in kinds]
    bounds = ", ".join(bounds_of(annotation))
    optional = " or `None`" if NoneType in alternatives(annotation) else ""
    return f"{', '.join(names)} {bounds}".strip() + optional


def code(annotation: Any) -> str:
    """Return a type as code, without aliases, validators and bounds."""
    if annotation is ...:
        return "..."
    texts: list[str] = []
    for one in alternatives(annotation):
        name = {NoneType: "None", SecretStr: "secret"}.get(one) or one.__name__
        arguments = [repr(part) if get_origin(one) is Literal else code(part) for part in get_args(one)]
        texts.append(f"{name}[{', '.join(arguments)}]" if arguments else name)
    return " | ".join(texts).replace("'", '"')


def bounds_of(annotation: Any) -> Iterator[str]:
    """Yield the bounds of a number, whichever part of its annotation has them."""
    if isinstance(annotation, TypeAliasType):
        yield from bounds_of(annotation.__value__)
    elif get_origin(annotation) is Annotated:
        for mark in get_args(annotation)[1:]:
            for part in getattr(mark, "metadata", None) or [mark]:
                yield from (f"{sign} {getattr(part, name)}" for name, sign in BOUNDS.items() if hasattr(part, name))
    for argument in get_args(annotation):
        if get_origin(argument) is Annotated:
            yield from bounds_of(argument)
