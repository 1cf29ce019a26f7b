"""A model's fields as given on the command line: `name:str:200 price:decimal note:str? category:shop.Category`."""

import keyword
import re
from dataclasses import dataclass
from difflib import get_close_matches

from pydantic import BaseModel

from framework.errors import CommandError

GRAMMAR = "name:type[:length][:unique][:index][?], where type is one of {types} or a model as 'app.Model'"


@dataclass(frozen=True, slots=True)
class Kind:
    """A type that a field may have: how it is written, where it comes from, and two sample values as JSON."""

    annotation: str
    samples: tuple[str, str]
    imported: tuple[str, str] | None = None
    arguments: tuple[str, ...] = ()
    strict: tuple[str, str] | None = None
    """Where schemas import a stricter type from: a client may send what the column cannot hold."""


KINDS: dict[str, Kind] = {
    "bool": Kind("bool", ("True", "False")),
    "date": Kind("date", ('"2026-01-31"', '"2026-02-28"'), ("datetime", "date")),
    "datetime": Kind(
        "datetime",
        ('"2026-01-31T12:00:00.000000Z"', '"2026-02-28T12:00:00.000000Z"'),
        ("datetime", "datetime"),
        strict=("framework.db", "Timestamp"),
    ),
    "decimal": Kind("Decimal", ('"1.50"', '"2.50"'), ("decimal", "Decimal"), ("max_digits=12", "decimal_places=2")),
    "float": Kind("float", ("1.5", "2.5"), strict=("pydantic", "FiniteFloat")),
    "int": Kind("int", ("1", "2")),
    "str": Kind("str", ('"first"', '"second"')),
    "text": Kind("str", ('"first"', '"second"')),
    "time": Kind("time", ('"12:00:00"', '"13:00:00"'), ("datetime", "time")),
    "uuid": Kind(
        "UUID",
        ('"019a0000-0000-7000-8000-000000000001"', '"019a0000-0000-7000-8000-000000000002"'),
        ("uuid", "UUID"),
    ),
}
RESERVED = frozenset({"id", "metadata", "registry", "sqlmodel_update", *dir(BaseModel)})
"""The key, and what models have already: a field of that name would hide it."""
TYPES = frozenset(kind.annotation for kind in KINDS.values())
"""`date: date = …` is the value where a type should be, for this field and those below it."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field: what `models.py`, `schemas.py` and the test say of it."""

    name: str
    kind: Kind
    nullable: bool = False
    length: int | None = None
    unique: bool = False
    index: bool = False
    target: str | None = None
    """The model that a foreign key points at, as `app.Model`; `None` for an ordinary field."""
    key: str = "id"
    """The primary key of that model."""

    @property
    def column(self) -> str:
        """The field's name in the model: a foreign key ends in `_id`."""
        return f"{self.name}_id" if self.target else self.name

    def in_model(self) -> str:
        """Return the field's line in `models.py`."""
        arguments = self._arguments()
        if self.target:
            arguments.append(f'foreign_key="{self.target}.{self.key}"')
            arguments.append('ondelete="SET NULL"' if self.nullable else 'ondelete="CASCADE"')
        if self.unique:
            arguments.append("unique=True")
        elif self.index or self.target:
            arguments.append("index=True")
        return self._line(self.kind.annotation, arguments)

    def in_schema(self) -> str:
        """Return the field's line in `schemas.py`."""
        return self._line(self.kind.strict[1] if self.kind.strict else self.kind.annotation, self._arguments())

    def sample(self, which: int) -> str:
        """Return the source of a value that a client may send: the first (0) or another one (1)."""
        value = self.kind.samples[which]
        if self.length is not None and self.kind.annotation == "str":
            return f'"{value.strip(chr(34))[: self.length]}"'
        return value

    def _arguments(self) -> list[str]:
        arguments = list(self.kind.arguments)
        if self.length is not None:
            arguments.append(f"max_length={self.length}")
        if self.nullable:
            arguments.insert(0, "default=None")
        return arguments

    def _line(self, annotation: str, arguments: list[str]) -> str:
        if self.nullable:
            annotation += " | None"
        if arguments == ["default=None"]:
            return f"{self.column}: {annotation} = None"
        value = f" = Field({', '.join(arguments)})" if arguments else ""
        return f"{self.column}: {annotation}{value}"


def parse_field(text: str) -> FieldSpec:
    """Return the field that `text` describes; raise `CommandError` with the grammar when it describes none."""
    nullable = text.endswith("?")
    name, *rest = text.removesuffix("?").split(":")
    if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_") or name in RESERVED:
        raise _refused(text, f"{name!r} cannot be the name of a field")
    if name in TYPES:
        raise _refused(text, f"{name!r} is the name of a type; say which {name} it is, as in 'start_{name}'")
    kind_name, *options = rest or ["str"]
    length, unique, index = None, False, False
    for option in options:
        if option.isdigit() and int(option) > 0 and kind_name == "str":
            length = int(option)
        elif option == "unique":
            unique = True
        elif option == "index":
            index = True
        else:
            raise _refused(text, f"{option!r} is no option of a {kind_name!r} field")
    if re.fullmatch(r"[a-z_]\w*\.[A-Z]\w*", kind_name):
        kind = Kind("int", ("1", "2"))
        return FieldSpec(name.removesuffix("_id"), kind, nullable, None, unique, index, target=kind_name)
    if kind_name[:1].isupper():
        raise _refused(text, f"{kind_name!r} names no app; a model is 'app.{kind_name}', as in 'shop.Product'")
    if kind_name not in KINDS:
        close = get_close_matches(kind_name, KINDS, n=1)
        raise _refused(text, f"{kind_name!r} is no type of a field{f', did you mean {close[0]!r}?' if close else ''}")
    return FieldSpec(name, KINDS[kind_name], nullable, length, unique, index)


def parse_fields(texts: list[str]) -> list[FieldSpec]:
    """Return the fields in the order given; a name given twice is an error."""
    fields = [parse_field(text) for text in texts]
    names = [field.column for field in fields]
    for field, text in zip(fields, texts, strict=True):
        if names.count(field.column) > 1:
            raise _refused(text, f"{field.column!r} is given twice")
    return fields


def _refused(text: str, reason: str) -> CommandError:
    grammar = GRAMMAR.format(types=", ".join(sorted(KINDS)))
    end = "" if reason.endswith("?") else "."
    return CommandError(f"Field {text!r}: {reason}{end}", hint=f"A field is {grammar}.", code="scaffold.field")
