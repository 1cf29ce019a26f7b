"""A response as it is kept: the bytes that are sent, and what is said of them. Knows no web."""

import hashlib
import json
import re
import time
from dataclasses import dataclass
from typing import Self

from pydantic_core import from_json

__all__ = ["StoredResponse"]

TAG = re.compile(r'"[^"]*"')
"""One of the tags in `If-None-Match`. Those of the same name that are weak count as equal."""


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response without the headers that depend on who asks."""

    body: bytes
    status: int
    type: str
    """Its content type."""
    headers: tuple[tuple[str, str], ...]
    until: float
    """When its time is over, in seconds of the epoch; 0 for never."""
    etag: str
    made: float
    """When it was made."""

    @classmethod
    def of(
        cls, body: bytes, status: int, type_: str, headers: tuple[tuple[str, str], ...], until: float, *, etag: str = ""
    ) -> Self:
        """Return a response made now, with a tag of its body if it has none. A weak one: layers above may compress."""
        etag = etag or f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"'
        return cls(body, status, type_, headers, until, etag, time.time())

    def encode(self) -> bytes:
        """Return the bytes to keep."""
        head = json.dumps([self.status, self.type, self.headers, self.until, self.etag, self.made])
        return head.encode() + b"\n" + self.body

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the response in what was kept."""
        head, _, body = data.partition(b"\n")
        return cls.of_parts(head, body)

    @classmethod
    def of_parts(cls, head: bytes, body: bytes) -> Self:
        """Return the response with what is said of it in the first line of what was kept. Equal heads, equal bodies."""
        status, type_, headers, until, etag, made = from_json(head)
        return cls(body, status, type_, tuple((name, value) for name, value in headers), until, etag, made)

    def matches(self, condition: str | None) -> bool:
        """Tell whether `If-None-Match` names it, so that its body need not be sent again."""
        if condition is None or self.status != 200:
            return False
        return condition.strip() == "*" or self.etag.removeprefix("W/") in TAG.findall(condition)
