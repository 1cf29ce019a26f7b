"""What people say of their account. A field that is not here is refused, so nobody gives themselves rights."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import MISSING

__all__ = [
    "Confirmation",
    "Done",
    "EmailChange",
    "EmailFields",
    "Link",
    "NewAccount",
    "PasswordChange",
    "PasswordReset",
    "ProfileChanges",
    "RegistrationFields",
]

type Email = Annotated[str, Field(max_length=320, examples=["ann@example.com"])]
type Name = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
type Username = Annotated[str, Field(max_length=150)]
type Token = Annotated[str, Field(min_length=1, max_length=200)]


class Fields(BaseModel):
    """The base of what comes in."""

    model_config = ConfigDict(extra="forbid")


class EmailFields(Fields):
    """An address."""

    email: Email


class RegistrationFields(EmailFields):
    """An account that somebody asks for; more than the address is wanted only where addresses are not verified."""

    password: str | None = None
    username: Username | None = None
    full_name: Name = ""


class Link(Fields):
    """The token of a link in a mail."""

    token: Token


class NewAccount(Link):
    """A new account of somebody who asked for it, or was invited to it."""

    password: str
    username: Username | None = None
    full_name: Name = ""


class PasswordReset(Link):
    """A new password for who forgot theirs."""

    password: str


class Confirmation(Fields):
    """The user's password, once more."""

    password: str


class PasswordChange(Fields):
    """A new password for who knows theirs."""

    current_password: str
    new_password: str


class EmailChange(Confirmation):
    """A new address."""

    email: Email


class ProfileChanges(Fields):
    """What users may change of themselves; what is left out stays."""

    full_name: Name | MISSING = MISSING  # pyright: ignore[reportInvalidTypeForm] - it is a type for pydantic


class Done(BaseModel):
    """What happened, or will; the same for all who ask the same."""

    detail: str
