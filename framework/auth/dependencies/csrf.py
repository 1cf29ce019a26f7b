"""Refuses what pages of other sites do in a user's name, and gives out the token of forms."""

from starlette.requests import HTTPConnection, Request

from framework.auth.csrf import SAFE_METHODS, Csrf
from framework.auth.transport import Transport
from framework.errors import FrameworkError, PermissionDenied, Unauthenticated
from framework.services import Scope
from framework.web import scope_of

__all__ = ["csrf_token", "refuse_foreign", "require_own"]

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


async def require_own(connection: HTTPConnection, scope: Scope, secret: str) -> None:
    """Raise `PermissionDenied` unless a request with this session's secret was meant by its user.

    Connections of websockets count as unsafe: browsers let every page open one, cookies and all.
    """
    if connection.scope.get("method") in SAFE_METHODS:
        return
    csrf = await scope.get(Csrf)
    scheme = http_scheme(connection)
    if csrf.is_foreign(connection.headers, scheme):
        raise foreign()
    if csrf.needs_token(connection.headers, scheme):
        token = connection.headers.get(csrf.header) or await token_of_form(connection, csrf.field)
        if not csrf.tokens.is_good(token, secret):
            raise PermissionDenied(
                detail="This request needs the token of your session.",
                hint=f"Send it in the header {csrf.header} or the form field {csrf.field}: csrf_token(request).",
                code="csrf_token",
            )


async def refuse_foreign(connection: HTTPConnection) -> None:
    """Raise `PermissionDenied` for a request that a page of another site made, cookie or not: for logging in."""
    scope = await scope_of(connection)
    if scope is not None and (await scope.get(Csrf)).is_foreign(connection.headers, http_scheme(connection)):
        raise foreign()


async def csrf_token(connection: HTTPConnection) -> str:
    """Return a token for the forms of the session at hand. Raises `Unauthenticated` where there is none."""
    scope = await scope_of(connection)
    if scope is None:
        raise FrameworkError("csrf_token() was called outside a route.", code="web.no-request")
    secret = (await scope.get(Transport)).session(connection.scope["headers"])
    if secret is None:
        raise Unauthenticated("missing")
    return (await scope.get(Csrf)).tokens.make(secret)


async def token_of_form(connection: HTTPConnection, field: str) -> str:
    """Return the token in the form of a request, or nothing."""
    if not isinstance(connection, Request):
        return ""
    if connection.headers.get("content-type", "").partition(";")[0].strip().lower() not in FORMS:
        return ""
    found = (await connection.form()).get(field)
    return found if isinstance(found, str) else ""


def http_scheme(connection: HTTPConnection) -> str:
    """Return the scheme by which a page of the same origin would have come."""
    return {"ws": "http", "wss": "https"}.get(connection.url.scheme, connection.url.scheme)


def foreign() -> PermissionDenied:
    return PermissionDenied(
        detail="A page of another site made this request.",
        hint="If that site is yours, name its origin in auth.csrf.trusted_origins.",
        code="csrf_origin",
    )
