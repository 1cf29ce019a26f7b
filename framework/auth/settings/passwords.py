"""How passwords are stored, and which are good enough."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from framework.auth.settings.part import Part

__all__ = ["PasswordSettings"]

VALIDATORS = "framework.auth.passwords.validators"


class PasswordSettings(Part):
    """How passwords are stored, and which are good enough."""

    hashers: Annotated[tuple[str, ...], Field(min_length=1)] = (
        "framework.auth.passwords.bcrypt:BcryptHasher",
        "framework.auth.passwords.argon2:Argon2Hasher",
        "framework.auth.passwords.pbkdf2:Pbkdf2Hasher",
    )
    """Import paths of hashers. The first makes new hashes; a hash that another one made is replaced at its next use."""
    bcrypt_cost: Annotated[int, Field(ge=4, le=31)] = 12
    """Work of bcrypt: each more doubles it. A changed cost reaches each hash at its user's next login."""
    workers: Annotated[int, Field(ge=1, le=64)] = 2
    """Threads that hash. More than the cores of the machine gain nothing."""
    max_waiting: Annotated[int, Field(ge=1)] = 100
    """Passwords that may wait for a thread; further callers are told to come back (503). Fewer than
    `web.load.concurrency`: requests that wait here are at work, and those of others need places, too."""
    validators: Mapping[str, Mapping[str, Any]] = {
        f"{VALIDATORS}:SimilarityValidator": {},
        f"{VALIDATORS}:LengthValidator": {"minimum": 8},
        f"{VALIDATORS}:CommonValidator": {},
        f"{VALIDATORS}:NumericValidator": {},
    }
    """What a new password must pass, in order: import paths of validators, each with its options."""
