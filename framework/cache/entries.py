"""What a cache keeps under a key: the bytes of a value, and what is known of them."""

import hashlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from framework.cache.codecs import NO_MARK, Codec

__all__ = ["NO_VERSIONS", "Entry", "Kept", "kept", "writable"]

FORMAT = 0x01
"""The first byte. No digit and no minus sign, with which counters begin."""
HEAD = struct.Struct(">BB8sdI")
LENGTH = struct.Struct(">I")
VERSION_SIZE = 9
ABSENT, IMMUTABLE = 0x01, 0x02


NO_VERSIONS: Mapping[str, bytes] = MappingProxyType({})


def writable(name: str) -> str:
    """Return a key as every server can have it: what stands for one that is no text, with half a character in it."""
    if name.isascii():
        return name
    try:
        name.encode()
    except UnicodeEncodeError:
        digest = hashlib.blake2b(name.encode(errors="surrogatepass"), digest_size=16).hexdigest()
        return f"{name.encode(errors='replace').decode()}#{digest}"
    return name


class Kept(bytes):
    """A value that nobody can change, as a backend in this process keeps it: the same object each time, read once."""

    entry: "Entry | None" = None


def kept(data: bytes) -> bytes:
    """Return bytes as a backend in this process keeps them."""
    return Kept(data) if len(data) >= HEAD.size and data[0] == FORMAT and data[1] & IMMUTABLE else data


@dataclass(slots=True)
class Entry:
    """One stored value."""

    payload: bytes
    mark: bytes = NO_MARK
    """Of the type it was written for; zeros when nobody said."""
    stale_at: float = 0
    """When it is to be made anew, in seconds of the epoch; 0 for not before it is gone."""
    versions: Mapping[str, bytes] = NO_VERSIONS
    """The tags, and how each stood when the value was made."""
    absent: bool = False
    """Whether it says that there is no such thing; the payload then is the error."""
    immutable: bool = False
    """Whether nobody can change the value, so that one object will do for all who ask."""
    value: Any = field(default=None, compare=False)
    """That object, once somebody asked."""
    reader: Codec[Any] | None = field(default=None, compare=False)
    """What read it: classes made twice have one mark, and each wants values of its own."""

    @classmethod
    def of[T](cls, value: T, codec: Codec[T]) -> "Entry":
        """Return the entry of a value. Raises what the codec does for one that is no such value."""
        return cls(codec.dump(value), codec.mark, immutable=codec.is_immutable)

    def load[T](self, codec: Codec[T]) -> T:
        """Return the value: one of the caller's own, unless nobody can change it. Raises `Mismatch` if it is none."""
        if not codec.is_immutable:
            return codec.load(self.payload)
        if self.reader is not codec:
            self.value, self.reader = codec.load(self.payload), codec
        return self.value

    @property
    def unshared(self) -> bool:
        """Whether it says that what was made last was for its caller alone: then there is not even an error."""
        return self.absent and not self.payload

    def encode(self) -> bytes:
        """Return the bytes to store."""
        flags = (ABSENT if self.absent else 0) | (IMMUTABLE if self.immutable else 0)
        head = HEAD.pack(FORMAT, flags, self.mark, self.stale_at, len(self.versions))
        if not self.versions:
            return head + self.payload
        parts = [head]
        for name, version in self.versions.items():
            encoded = name.encode(errors="surrogatepass")
            parts += (LENGTH.pack(len(encoded)), encoded, version)
        parts.append(self.payload)
        return b"".join(parts)

    @classmethod
    def decode(cls, data: bytes) -> "Entry | None":
        """Return the entry, or `None` for bytes that are none; a counter is one that nobody said the type of."""
        if isinstance(data, Kept):
            data.entry = entry = data.entry or cls.decode(bytes(data))
            return entry
        if len(data) < HEAD.size or data[0] != FORMAT:
            return cls(data) if data[:1].isdigit() or data[:1] == b"-" else None
        _, flags, mark, stale_at, count = HEAD.unpack_from(data)
        place = HEAD.size
        if not count:
            return cls(data[place:], mark, stale_at, NO_VERSIONS, bool(flags & ABSENT), bool(flags & IMMUTABLE))
        versions: dict[str, bytes] = {}
        try:
            for _ in range(count):
                (length,) = LENGTH.unpack_from(data, place)
                place += LENGTH.size + length
                name = data[place - length : place].decode(errors="surrogatepass")
                versions[name] = data[place : place + VERSION_SIZE]
                place += VERSION_SIZE
        except (struct.error, UnicodeDecodeError):
            return None
        return cls(data[place:], mark, stale_at, versions, bool(flags & ABSENT), bool(flags & IMMUTABLE))
