"""Every exception the framework raises.

    FrameworkError                  message, hint, code
    ├── ImproperlyConfigured        the settings, or an app listed in them, cannot work as written
    │   ├── AppNotFound             an entry of installed_apps names no app
    │   └── ServiceNotFound         nothing provides the type that was asked for
    ├── NoReverseMatch              no route has that name, or not with these parameters
    ├── CommandError                a command cannot go on; one line on stderr, its `exit_code` to the shell
    └── DomainError                 what a service says; knows no HTTP
        ├── NotFound
        ├── Conflict
        ├── Invalid
        ├── PermissionDenied
        ├── Throttled
        ├── Unauthenticated
        └── Unavailable

Domain errors reach a client as problem+json through `framework.web`; hints never do outside debug.
"""

from collections.abc import Mapping
from math import ceil
from typing import Literal

__all__ = [
    "AppNotFound",
    "CommandError",
    "Conflict",
    "DomainError",
    "FrameworkError",
    "ImproperlyConfigured",
    "Invalid",
    "NoReverseMatch",
    "NotFound",
    "PermissionDenied",
    "ServiceNotFound",
    "Throttled",
    "Unauthenticated",
    "Unavailable",
]


class FrameworkError(Exception):
    """Base of every error the framework raises.

    `message` says what was found and what was wanted, `hint` what to do next, and `code` is an anchor
    of the errors reference.
    """

    code = "framework"

    def __init__(self, message: str, *, hint: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        hint = f"\n  Hint: {self.hint}" if self.hint else ""
        return f"{self.message}{hint}  [{self.code}]"


class ImproperlyConfigured(FrameworkError):
    """The settings, or an app listed in them, cannot work as written."""

    code = "conf.improper"


class AppNotFound(ImproperlyConfigured):
    """An entry of `installed_apps` names no app."""

    code = "apps.not-found"


class ServiceNotFound(ImproperlyConfigured):
    """Nothing provides the type that was asked for."""

    code = "services.not-found"


class NoReverseMatch(FrameworkError):
    """No route has that name, or not with these parameters."""

    code = "web.reverse"


class CommandError(FrameworkError):
    """A command cannot go on. The shell sees one line and `exit_code`."""

    code = "command"

    def __init__(self, message: str, *, hint: str | None = None, code: str | None = None, exit_code: int = 1) -> None:
        super().__init__(message, hint=hint, code=code)
        self.exit_code = exit_code


class DomainError(FrameworkError):
    """What a service says when it cannot do as asked.

    `subject` names the thing (`"article"`), `detail` is a sentence for people, `fields` maps a field's name to what
    is wrong with it. None of them may hold a secret: clients read them.
    """

    code = "error"
    default_detail = "The request could not be carried out."

    def __init__(
        self,
        subject: str = "",
        *,
        detail: str | None = None,
        fields: Mapping[str, str] | None = None,
        hint: str | None = None,
        code: str | None = None,
    ) -> None:
        self.subject = subject
        self.fields: Mapping[str, str] = dict(fields or {})
        self.detail = detail or self.describe()
        super().__init__(self.detail, hint=hint, code=code)

    def describe(self) -> str:
        """Return the sentence used when no `detail` was given."""
        return self.default_detail


class NotFound(DomainError):
    """There is no such thing, or the caller may not know of it."""

    code = "not_found"

    def describe(self) -> str:
        """Return a sentence that names the subject, when there is one."""
        return f"{self.subject[:1].upper()}{self.subject[1:]} not found." if self.subject else "Not found."


class Conflict(DomainError):
    """The change collides with what is there: a taken value, a stale version, a row still in use."""

    code = "conflict"
    default_detail = "The change conflicts with existing data."


class Invalid(DomainError):
    """The values make no sense, though each has the right type."""

    code = "invalid"
    default_detail = "Some values are invalid."


class PermissionDenied(DomainError):
    """The caller is known and may not do this."""

    code = "permission_denied"
    default_detail = "You do not have permission to do this."


class Throttled(DomainError):
    """Too many attempts: `limit` of them are allowed in `window` seconds, the next one in `retry_after` seconds."""

    code = "throttled"

    def __init__(
        self,
        subject: str = "",
        *,
        retry_after: float,
        limit: int | None = None,
        window: float | None = None,
        detail: str | None = None,
        hint: str | None = None,
        code: str | None = None,
    ) -> None:
        self.retry_after = retry_after
        self.limit = limit
        self.window = window
        super().__init__(subject, detail=detail, hint=hint, code=code)

    def describe(self) -> str:
        """Return a sentence that says how long to wait."""
        seconds = max(1, ceil(self.retry_after))
        return f"Too many requests. Try again in {seconds} second{'s' * (seconds > 1)}."


class Unauthenticated(DomainError):
    """The caller is not known: credentials are `missing`, `invalid` or `expired`, or a `login` failed."""

    code = "unauthenticated"

    def __init__(
        self,
        reason: Literal["missing", "invalid", "expired", "login"] = "missing",
        *,
        detail: str | None = None,
        hint: str | None = None,
        code: str | None = None,
    ) -> None:
        self.reason = reason
        super().__init__(detail=detail, hint=hint, code=code)

    def describe(self) -> str:
        """Return the sentence for the reason."""
        return {
            "missing": "Authentication is required.",
            "invalid": "The credentials are invalid.",
            "expired": "The credentials have expired.",
            "login": "The login details are wrong.",
        }[self.reason]


class Unavailable(DomainError):
    """A part the service needs does not answer; worth another try after `retry_after` seconds."""

    code = "unavailable"
    default_detail = "The service is temporarily unavailable."

    def __init__(
        self,
        subject: str = "",
        *,
        retry_after: float | None = None,
        detail: str | None = None,
        hint: str | None = None,
        code: str | None = None,
    ) -> None:
        self.retry_after = retry_after
        super().__init__(subject, detail=detail, hint=hint, code=code)
