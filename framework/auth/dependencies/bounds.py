"""What credentials that were made for some scopes are good for."""

from collections.abc import Iterable

from starlette.requests import HTTPConnection

from framework.auth.identity import Identity
from framework.auth.transport import Transport
from framework.errors import PermissionDenied
from framework.web import Rule, add_header, route_of, scope_of

__all__ = ["require_bounds"]


async def require_bounds(connection: HTTPConnection, identity: Identity) -> None:
    """Raise `PermissionDenied` unless the caller's credentials are good for the route.

    Those for some scopes only are good for a route that states scopes, and all of them among theirs. The permissions
    that a route demands are its scopes where it states none; where it demands none either, it is closed to them.
    """
    if identity.scopes is None:
        return
    route = route_of(connection)
    wanted = scopes_of(route.rules if route else ())
    if wanted and wanted <= identity.scopes:
        return
    scope = await scope_of(connection)
    if scope is not None and identity.kind == "token":  # RFC 6750, section 3.1
        scheme = (await scope.get(Transport)).scheme
        add_header(connection, "WWW-Authenticate", f'{scheme} error="insufficient_scope"{listed(wanted)}')
    raise PermissionDenied(
        detail=f"This {identity.kind} was not made for this: it lacks a scope.",
        hint=f"The route wants {', '.join(sorted(wanted)) or 'a Scopes(…) that it could be good for'}.",
        code="insufficient_scope",
    )


def scopes_of(rules: Iterable[Rule]) -> set[str]:
    """Return the scopes that rules state, else the permissions that they demand."""
    found = {scope for rule in rules for scope in rule.scopes}
    return found or {name for rule in rules for name in getattr(rule, "permissions", ())}


def listed(scopes: set[str]) -> str:
    return f', scope="{" ".join(sorted(scopes))}"' if scopes else ""
