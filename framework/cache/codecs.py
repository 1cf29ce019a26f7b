"""From a typed value to bytes of JSON and back."""

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, get_args

from pydantic import BaseModel, ConfigDict, PydanticUserError, TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from framework.cache.immutable import is_immutable
from framework.errors import FrameworkError

__all__ = ["NO_MARK", "Codec", "Codecs", "Mismatch", "unfit"]

NO_MARK = bytes(8)


class Mismatch(Exception):
    """The stored bytes are no value of the type that is asked for."""


class Codec[T]:
    """Writes and reads the values of one type. Never pickle: what is stored can do no harm to who reads it."""

    CONFIG: ClassVar[ConfigDict] = ConfigDict(
        ser_json_bytes="base64", val_json_bytes="base64", ser_json_inf_nan="constants"
    )

    def __init__(self, type_: Any) -> None:
        self.type = type_
        refuse_rows(type_)
        try:
            self._adapter: TypeAdapter[T] = TypeAdapter(type_, config=self.CONFIG)
        except PydanticUserError as error:
            if error.code != "type-adapter-config-unused":  # models, dataclasses and typed dicts have their own
                raise unfit(type_, error) from error
            self._adapter = TypeAdapter(type_)
        # The adapter's own methods pass on a dozen options, which costs as much as the reading of a row.
        self._write: Callable[..., bytes] = self._adapter.serializer.to_json
        self._read: Callable[[bytes], T] = self._adapter.validator.validate_json
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
                return self._adapter.dump_json(self._adapter.validate_python(value, from_attributes=True))
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


def refuse_rows(type_: Any) -> None:
    """Raise for rows of tables: what came from a cache belongs to no session, and changes of it would be lost."""
    for part in parts_of(type_):
        if isinstance(part, type) and hasattr(part, "__table__"):
            raise FrameworkError(
                f"{part.__qualname__} is a table, and a cached row would belong to no session.",
                hint=f"Cache a schema of it: annotate the value as a `Schema` with the fields of {part.__name__}.",
                code="cache.row",
            )


def parts_of(type_: Any, seen: set[int] | None = None) -> Iterator[Any]:
    """Yield a type, its arguments and the types of its fields."""
    seen = set() if seen is None else seen
    if id(type_) in seen:
        return
    seen.add(id(type_))
    yield type_
    parts: list[Any] = [getattr(type_, "__value__", None), *get_args(type_)]
    if isinstance(type_, type) and issubclass(type_, BaseModel) and not hasattr(type_, "__table__"):
        parts += [field.annotation for field in type_.model_fields.values()]
    for part in parts:
        if part is not None:
            yield from parts_of(part, seen)


def unfit(type_: Any, error: BaseException) -> FrameworkError:
    """Return the error for a value that does not survive being written and read."""
    return FrameworkError(
        f"A value cannot be cached as {type_!r}: {error}",
        hint="Annotate it with a type that Pydantic can write as JSON and read again.",
        code="cache.value",
    )
