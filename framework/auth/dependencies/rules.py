"""What a route can demand of its caller beyond being known: `StaffRequired`, `Require(...)`, `Scopes(...)`."""

from typing import Any

from starlette.requests import HTTPConnection

from framework.auth.dependencies.users import LoggedIn
from framework.auth.services import Access
from framework.errors import FrameworkError, PermissionDenied
from framework.web import scope_of

__all__ = ["Require", "Scopes", "Staff", "StaffRequired"]


class Staff(LoggedIn):
    """Lets in staff, and superusers. It permits them nothing else: that is up to their permissions."""

    name = "StaffRequired"

    async def __call__(self, connection: HTTPConnection) -> Any:
        """Return the user, or raise `Unauthenticated` or `PermissionDenied`."""
        user = (await self.identity(connection)).user
        if not (user.is_staff or user.is_superuser):
            raise PermissionDenied()
        return user


StaffRequired = Staff()
"""Who calls must be staff."""


class Require(LoggedIn):
    """`Require("blog.change_post")`: who calls must have the permission; of several, all."""

    def __init__(self, *permissions: str) -> None:
        super().__init__(*permissions)
        self.permissions = required(self, permissions)

    async def __call__(self, connection: HTTPConnection) -> Any:
        """Return the user, or raise `Unauthenticated` or `PermissionDenied`."""
        user = (await self.identity(connection)).user
        scope = await scope_of(connection)
        access = await scope.get(Access) if scope else None
        for permission in self.permissions:
            if access is None or not await access.has(user, permission):
                raise PermissionDenied()
        return user


class Scopes(LoggedIn):
    """`Scopes("posts:write")`: credentials that were made for some scopes must be good for this one; of several, all.

    A token, a session or a key that is good for all that its user may do passes.
    """

    def __init__(self, *scopes: str) -> None:
        super().__init__(*scopes)
        self.scopes = required(self, scopes)


def required(rule: LoggedIn, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return `names`. Raises when there are none: a rule that was meant to demand something must not demand nothing."""
    if not names:
        raise FrameworkError(
            f"{type(rule).__name__}() demands nothing.",
            hint=f'Name what it is about: {type(rule).__name__}("…"); for any user, LoginRequired.',
            code="auth.empty-rule",
        )
    return names
