"""What every failure becomes before it is rendered: a `Problem`, and how exceptions turn into one."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from starlette.exceptions import HTTPException

from framework.errors import (
    Conflict,
    DomainError,
    Invalid,
    NotFound,
    PermissionDenied,
    Throttled,
    Unauthenticated,
    Unavailable,
)
from framework.web.debug import trace_of

STATUSES: Mapping[type[DomainError], int] = {
    DomainError: 400,
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    PermissionDenied: 403,
    Throttled: 429,
    Unauthenticated: 401,
    Unavailable: 503,
}
"""The status of each kind; a subclass has that of its nearest parent."""

CODES: Mapping[int, str] = {
    401: "unauthenticated",
    403: "permission_denied",
    413: "body_too_large",
    414: "uri_too_long",
    416: "range_not_satisfiable",
    422: "invalid",
    429: "throttled",
    500: "internal_error",
    503: "unavailable",
}
"""Codes that are not the status phrase: those of the domain kinds, and those where Python changed the phrase."""

_INVALID = 'Bearer error="invalid_token"'
_CREDENTIALS = {"missing": "credentials_missing", "invalid": "credentials_invalid", "expired": "credentials_expired"}


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one value of the request."""

    name: str
    """The field, dotted where it is nested: `address.street`."""
    loc: tuple[str | int, ...]
    """Where it stands, as FastAPI says it: `("body", "address", "street")`."""
    code: str
    """What is wrong, for programs."""
    message: str
    """What is wrong, for people."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One failure, ready to be rendered. `code` and `title` follow from the status when they are left empty."""

    status: int
    code: str = ""
    title: str = ""
    detail: Any = ""
    """A sentence for people; or what an `HTTPException` was given, which may be any JSON."""
    subject: str = ""
    """The thing it is about, such as `article`."""
    fields: Sequence[FieldProblem] = ()
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    hint: str | None = None
    """What a developer could do about it. Only in debug."""
    trace: Sequence[str] = ()
    """The lines of the traceback. Only in debug, and only of unexpected errors."""

    def __post_init__(self) -> None:
        phrase = _phrase(self.status)
        object.__setattr__(self, "title", self.title or phrase)
        object.__setattr__(self, "code", self.code or CODES.get(self.status) or _snake(phrase))
        object.__setattr__(self, "detail", self.detail or self.title)


def problem_of(error: Exception, *, debug: bool = False) -> Problem:
    """Return the problem that `error` is. Outside debug nothing of an unexpected one is told, and no hint."""
    if isinstance(error, DomainError):
        return _of_domain(error, debug)
    if isinstance(error, RequestValidationError | WebSocketRequestValidationError):
        return _of_validation(error)
    if isinstance(error, HTTPException):
        return Problem(error.status_code, detail=error.detail, headers=dict(error.headers or {}))
    if not debug:
        return Problem(500, detail="The server could not complete the request.")
    hint: str | None = getattr(error, "hint", None)
    return Problem(500, detail=f"{type(error).__name__}: {error}", hint=hint, trace=trace_of(error).splitlines())


def _of_domain(error: DomainError, debug: bool) -> Problem:
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    code, headers = error.code, dict[str, str]()
    if isinstance(error, Unauthenticated):
        if code == Unauthenticated.code:
            code = _CREDENTIALS.get(error.reason, "login_failed")
        headers["WWW-Authenticate"] = "Bearer" if error.reason in ("missing", "login") else _INVALID
    elif isinstance(error, Throttled | Unavailable) and error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    fields = [
        FieldProblem(name, ("body", *name.split(".")), error.code, message) for name, message in error.fields.items()
    ]
    return Problem(status, code, "", error.detail, error.subject, fields, headers, hint=error.hint if debug else None)


def _of_validation(error: RequestValidationError | WebSocketRequestValidationError) -> Problem:
    fields = [_field(item) for item in error.errors()]
    if len(fields) == 1:
        detail = f"{fields[0].name}: {fields[0].message}"
    else:
        names = dict.fromkeys(each.name for each in fields)
        detail = f"{len(fields)} values are invalid: {', '.join(names)}"
    return Problem(422, detail=detail, fields=fields)


def _field(item: Mapping[str, Any]) -> FieldProblem:
    # Neither `input` nor `ctx` is passed on: they hold what was sent, passwords included.
    loc: tuple[str | int, ...] = tuple(item["loc"])
    at_json_position = item["type"] == "json_invalid"
    name = ".".join(str(part) for part in (loc[1:] if len(loc) > 1 and not at_json_position else loc[:1]))
    return FieldProblem(name, loc, item["type"], item["msg"])


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def _snake(phrase: str) -> str:
    return phrase.lower().replace(" ", "_").replace("-", "_").replace("'", "")
