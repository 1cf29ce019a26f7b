"""Who calls: found once a request, from whatever credentials it carries."""

from starlette.requests import HTTPConnection
from starlette.responses import Response

from framework.auth.dependencies.csrf import require_own
from framework.auth.identity import Identity
from framework.auth.services import Identities
from framework.auth.transport import Transport
from framework.errors import Unauthenticated
from framework.services import Scope
from framework.web import add_header, project_of, scope_of

__all__ = ["challenge", "identify", "known"]


async def identify(connection: HTTPConnection) -> Identity | None:
    """Return who calls, or `None` when the request carries no credentials.

    Raises `Unauthenticated` for credentials that are good for nothing, and `PermissionDenied` for a session's cookie
    on an unsafe request that a page of another site may have made. Asked as often as you like, the database is asked
    once.
    """
    scope = await scope_of(connection)
    if scope is not None:
        return await _identify(connection, scope)
    async with project_of(connection).scope() as scope:  # before a route was found: in a middleware
        return await _identify(connection, scope)


async def _identify(connection: HTTPConnection, scope: Scope) -> Identity | None:
    transport = await scope.get(Transport)
    credentials = transport.read(connection.scope["headers"])
    if credentials is None:
        return None
    if credentials.kind == "session":
        await require_own(connection, scope, credentials.secret)
    return await (await scope.get(Identities)).of(credentials)


async def known(connection: HTTPConnection) -> Identity | None:
    """Return the same as `identify`; and have the response to bad credentials say what good ones are."""
    try:
        return await identify(connection)
    except Unauthenticated as error:
        await challenge(connection, error.reason)
        raise


async def challenge(connection: HTTPConnection, reason: str) -> None:
    """Say in the response what credentials are asked for, and what is wrong with those given (RFC 6750, section 3)."""
    scope = await scope_of(connection)
    if scope is None:
        return
    transport = await scope.get(Transport)
    wrong = "" if reason in ("missing", "login") else ' error="invalid_token"'
    add_header(connection, "WWW-Authenticate", transport.scheme + wrong)
    found = transport.read(connection.scope["headers"])
    if wrong and found is not None and found.kind == "session":
        response = Response()
        response.set_cookie(**transport.cookie_of(None))  # or the browser sends the old one for ever
        add_header(connection, "Set-Cookie", response.headers["set-cookie"])
