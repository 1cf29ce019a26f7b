"""The section of auth."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from framework.auth.settings.audit import AuditSettings
from framework.auth.settings.passwords import PasswordSettings
from framework.conf import Section

__all__ = ["AuthSettings"]

type LoginField = Literal["email", "username"]


def distinct(fields: tuple[LoginField, ...]) -> tuple[LoginField, ...]:
    """Refuse a field that is named twice."""
    if len(set(fields)) < len(fields):
        raise ValueError("names a field twice")
    return fields


class AuthSettings(Section):
    """Who may come in, and how."""

    login_fields: Annotated[tuple[LoginField, ...], Field(min_length=1), AfterValidator(distinct)] = ("email",)
    """What people log in by: `email`, `username` or both."""
    passwords: PasswordSettings = PasswordSettings()
    """How passwords are stored, and which are good enough."""
    audit: AuditSettings = AuditSettings()
    """What is kept of security events."""
