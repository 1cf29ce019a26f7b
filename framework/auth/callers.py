"""Who calls, for whoever counts by caller or keeps something for each: see `framework.web.caller_of`."""

from starlette.requests import HTTPConnection

from framework.auth.dependencies.identity import identify as identity_of
from framework.errors import PermissionDenied

__all__ = ["identify"]


async def identify(connection: HTTPConnection) -> str | None:
    """Return `user:` and the id of who calls, or `None` without credentials."""
    try:
        found = await identity_of(connection)
    except PermissionDenied:  # somebody's page uses the cookie; the rule of the route refuses that
        return None
    return None if found is None else f"user:{found.user.id}"
