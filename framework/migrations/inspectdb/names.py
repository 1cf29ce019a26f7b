"""Names in Python for what a database calls otherwise."""

import keyword
import re
from collections.abc import Collection, Iterable

from framework.db import Model

__all__ = ["attribute", "class_name"]

IMPORTED = {
    *("Any", "Decimal", "Field", "Literal", "Model", "Relationship", "TYPE_CHECKING", "UUID"),
    *("conv", "dt", "postgresql", "sa"),
}
ANNOTATIONS = {"bool", "bytes", "dict", "float", "int", "list", "str"}
TAKEN = {*dir(Model), *IMPORTED, *ANNOTATIONS, "registry"}
"""A field of such a name would hide what the lines below it mean, or what SQLModel needs."""


def attribute(name: str, taken: Iterable[str] = ()) -> str:
    """Return the name of a field for a column: the same, where Python and Pydantic allow it."""
    name = re.sub(r"\W", "_", name).lstrip("_")
    if not name or not name.replace("_", "x").isidentifier():
        name = f"field_{name}"
    return unused(name, {*taken, *TAKEN})


def class_name(table: str, taken: Iterable[str] = ()) -> str:
    """Return the name of a model for a table."""
    words = re.split(r"[\W_]+", table, flags=re.ASCII)
    name = "".join(word[:1].upper() + word[1:] for word in words)
    if not name[:1].isalpha():
        name = f"Table{name}"
    return unused(name, {*taken, *IMPORTED})


def unused(name: str, taken: Collection[str]) -> str:
    """Return a name that is no keyword and not taken, with as many underscores behind it as that needs."""
    while keyword.iskeyword(name) or name in taken:
        name += "_"
    return name
