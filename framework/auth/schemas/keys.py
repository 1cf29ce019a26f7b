"""API keys, as their user sees them."""

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from framework.db import Timestamp

__all__ = ["KeyFields", "KeyMade", "KeyRead"]

type Scope = Annotated[str, StringConstraints(pattern=r"^[\x21\x23-\x5B\x5D-\x7E]{1,100}$")]
"""As RFC 6749, section 3.3 has it."""


class KeyFields(BaseModel):
    """What a new key is to be."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100, pattern=r"^[^\x00]*$")]
    scopes: Annotated[list[Scope], Field(max_length=50)] | None = None
    """What it may be used for; all that the user may do, when left out."""
    expires_at: Timestamp | None = None


class KeyRead(BaseModel):
    """A key, of which only the beginning is told."""

    model_config = ConfigDict(from_attributes=True)

    id: UUID
    name: str
    prefix: str
    scopes: list[str]
    """`*` stands for all that the user may do."""
    created_at: Timestamp
    expires_at: Timestamp | None
    used_at: Timestamp | None


class KeyMade(KeyRead):
    """A new key, with what its program sends: told this once."""

    key: str
