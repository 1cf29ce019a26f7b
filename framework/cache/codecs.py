"""From a typed value to bytes of JSON and back."""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import is_dataclass
from functools import partial
from typing import Any, ClassVar, cast, get_args, get_origin, get_type_hints, is_typeddict

from pydantic import BaseModel, ConfigDict, PydanticUserError, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import PydanticSerializationError

from framework.cache.immutable import is_immutable
from framework.errors import FrameworkError

__all__ = ["NO_MARK", "Codec", "Codecs", "Mismatch", "unfit"]

NO_MARK = bytes(8)

SHOWN = ("_alias'", "'computed-field'", "'json'")
"""What stands in the schema of a type that is not written as it is read, since that is what an API shows."""


class Mismatch(Exception):
    """The stored bytes are no value of the type that is asked for."""


class Codec[T]:
    """Writes and reads the values of one type. Never pickle: what is stored can do no harm to who reads it."""

    CONFIG: ClassVar[ConfigDict] = ConfigDict(
        ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="constants"
    )

    def __init__(self, type_: Any) -> None:
        self.type = type_
        refuse_lossy(type_)
        try:
            self._adapter: TypeAdapter[T] = TypeAdapter(type_, config=self.CONFIG)
        except PydanticUserError as error:
            if error.code != "type-adapter-config-unused":  # models, dataclasses and typed dicts have their own
                raise unfit(type_, error) from error
            self._adapter = TypeAdapter(type_)
        # The adapter's own methods pass on a dozen options, which costs as much as the reading of a row.
        self._write: Callable[..., bytes] = self._adapter.serializer.to_json
        self._read: Callable[[bytes], T] = self._adapter.validator.validate_json
        if any(each in repr(self._adapter.core_schema) for each in SHOWN):  # options take their time as well
            self._write = partial(self._write, by_alias=False, round_trip=True)
            self._read = partial(self._adapter.validator.validate_json, by_alias=False, by_name=True)
        self.mark = mark_of(self._adapter, type_)
        """Tells apart what was written for another type, or for an earlier form of this one."""
        self.is_immutable = is_immutable(type_) and type_ is not bytes
        """Whether one object may be handed out to all who ask; bytes are one already."""

    def accepts(self, mark: bytes) -> bool:
        """Tell whether what has that mark may be read: it was written for this type, or nobody said for which."""
        return mark in (self.mark, NO_MARK) or self.type is Any

    def dump(self, value: T) -> bytes:
        """Return the bytes of a value of the type, or of one that Pydantic takes for it: a row for its schema."""
        try:
            try:
                return self._write(value, warnings="error")
            except PydanticSerializationError:
                read = self._adapter.validate_python(value, from_attributes=True, by_name=True)
                return self._write(read)
        except (PydanticSerializationError, ValidationError) as error:
            raise unfit(self.type, error) from error

    def load(self, data: bytes) -> T:
        """Return the value. Raises `Mismatch` for bytes that are none of the type."""
        try:
            return self._read(data)
        except ValidationError as error:
            raise Mismatch from error


class BytesCodec(Codec[bytes]):
    """Bytes are kept as they are."""

    def dump(self, value: bytes) -> bytes:
        """Return the value."""
        return value

    def load(self, data: bytes) -> bytes:
        """Return the value."""
        return data


class Codecs:
    """The codecs of one cache, each made once."""

    def __init__(self) -> None:
        self._made: dict[Any, Codec[Any]] = {}

    def of(self, type_: Any) -> Codec[Any]:
        """Return the codec of a type."""
        try:
            return self._made[type_]
        except KeyError:
            codec = self._made[type_] = BytesCodec(bytes) if type_ is bytes else Codec(type_)
            return codec
        except TypeError:  # an annotation that cannot be hashed
            return Codec(type_)


def mark_of(adapter: TypeAdapter[Any], type_: Any) -> bytes:
    """Return eight bytes that stand for the shape of a type, the same in every process that has the same code."""
    try:
        shape = json.dumps(adapter.json_schema(mode="serialization"), sort_keys=True, default=repr)
    except PydanticUserError:  # a type that JSON Schema cannot describe
        shape = ""
    return hashlib.blake2b(f"{type_!r} {shape}".encode(), digest_size=8).digest()


def refuse_lossy(type_: Any) -> None:
    """Raise for what would come back as something else, without a word."""
    for part in parts_of(type_):
        if isinstance(part, type) and hasattr(part, "__table__"):
            raise FrameworkError(
                f"{part.__qualname__} is a table, and a cached row would belong to no session.",
                hint=f"Cache a schema of it: annotate the value as a `Schema` with the fields of {part.__name__}.",
                code="cache.row",
            )
        if getattr(get_origin(part) or part, "get_secret_value", None) is not None:
            raise unfit(type_, "a secret is written as asterisks")
        for name in [name for name, field in fields_of(part).items() if field.exclude]:
            raise unfit(type_, f"the field {name!r} of {part.__qualname__} is excluded from what is written")


def fields_of(type_: Any) -> Mapping[str, FieldInfo]:
    """Return the fields of a model."""
    if isinstance(type_, type) and issubclass(type_, BaseModel) and not hasattr(type_, "__table__"):
        return type_.model_fields
    return {}


def hints_of(type_: Any) -> Iterable[Any]:
    """Return the types of the fields of what has some and is no model."""
    if is_dataclass(type_) or is_typeddict(type_) or (isinstance(type_, type) and issubclass(type_, tuple)):
        with suppress(NameError):  # something local, which only Pydantic finds
            return get_type_hints(cast("Any", type_)).values()
    return ()


def parts_of(type_: Any, seen: set[int] | None = None) -> Iterator[Any]:
    """Yield a type, its arguments and the types of its fields."""
    seen = set() if seen is None else seen
    if id(type_) in seen:
        return
    seen.add(id(type_))
    yield type_
    parts: list[Any] = [getattr(type_, "__value__", None), *get_args(type_)]
    parts += [*(field.annotation for field in fields_of(type_).values()), *hints_of(type_)]
    for part in parts:
        if part is not None:
            yield from parts_of(part, seen)


def unfit(type_: Any, reason: BaseException | str) -> FrameworkError:
    """Return the error for a value that does not survive being written and read."""
    return FrameworkError(
        f"A value cannot be cached as {type_!r}: {reason}",
        hint="Annotate it with a type that Pydantic can write as JSON and read again.",
        code="cache.value",
    )
