"""Rows straight into a Pydantic schema: attributes and loaded relationships, labels by name, dotted labels nested."""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

from pydantic import BaseModel, TypeAdapter, ValidationError

from framework.db.queries.shapes import Shape
from framework.errors import FrameworkError

__all__ = ["read_rows"]


def read_rows[S: BaseModel](schema: type[S], rows: Sequence[Any], shape: Shape) -> list[S]:
    """Return the rows of a statement of `shape` as instances of `schema`.

    A field is filled from the label of its name, or else from the attribute of the row's model. A label
    `"author.following"` fills `following` of what fills `author`.
    """
    sources = rows if shape.is_model else [Source.of((row,) if shape.scalar else row, shape) for row in rows]
    try:
        return reader(schema).validate_python(sources, from_attributes=True, by_name=True, by_alias=False)
    except ValidationError as error:
        raise unreadable(schema, sources, error) from None


class Source:
    """What a schema reads a row from: its labels before the attributes of its models."""

    __slots__ = ("_labels", "_models")

    def __init__(self, models: list[Any], labels: Mapping[str, Any]) -> None:
        self._models = models
        self._labels = {name: value for name, value in labels.items() if "." not in name}
        for head, inner in dotted(labels).items():
            owner: Any = getattr(self, head, ...)  # labels alone may make up the whole
            self._labels[head] = None if owner is None else Source([] if owner is ... else [owner], inner)

    @classmethod
    def of(cls, row: Sequence[Any], shape: Shape) -> "Source":
        """Return the source for a row of a statement."""
        return cls([row[place] for place in shape.models], {name: row[place] for name, place in shape.labels.items()})

    def __getattr__(self, name: str) -> Any:
        if name in self._labels:
            return self._labels[name]
        for model in self._models:
            if hasattr(cast("Any", type(model)), name):
                return getattr(model, name)
        raise AttributeError(name)


def dotted(labels: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the labels with a dot by what stands before it."""
    found: dict[str, dict[str, Any]] = {}
    for name, value in labels.items():
        head, dot, tail = name.partition(".")
        if dot:
            found.setdefault(head, {})[tail] = value
    return found


@cache
def reader(schema: type[BaseModel]) -> TypeAdapter[list[Any]]:
    return TypeAdapter(list[schema])  # pyright: ignore[reportInvalidTypeForm]  # a type made at run time


def unreadable(schema: type[BaseModel], sources: Any, error: ValidationError) -> Exception:
    """Return the error to raise: that of an attribute which could not be read, or one about the schema."""
    problems = error.errors(include_url=False, include_input=False)
    for problem in problems:
        if problem["type"] == "get_attribute_error":
            try:
                read_again(sources, problem["loc"])
            except FrameworkError as original:
                return original
    text = "; ".join(f"{'.'.join(map(str, problem['loc'][1:]))}: {problem['msg']}" for problem in problems[:5])
    return FrameworkError(
        f"The rows do not fit {schema.__name__}: {text}.",
        hint="Select what is missing and label it with the field's name, as in `.label('author.following')`.",
        code="db.into",
    )


def read_again(value: Any, path: tuple[int | str, ...]) -> None:
    for step in path:
        value = value[step] if isinstance(step, int) else getattr(value, step)
