"""Clients that are logged in: `user = await log_in(permissions=["blog.change_post"])`."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from framework.errors import NotFound
from framework.testing.rows import Make

if TYPE_CHECKING:
    from httpx import AsyncClient

    from framework.project import Project
    from framework.services import Scope
    from framework.users import UserBase

__all__ = ["LogIn"]


class LogIn:
    """Logs the client of a test in, by an access token as any program gets one."""

    def __init__(self, project: "Project", client: "AsyncClient", make: Make) -> None:
        self._project = project
        self._client = client
        self._make = make

    async def __call__(
        self, user: "UserBase | None" = None, /, *, permissions: Iterable[str] = (), **fields: Any
    ) -> "UserBase":
        """Log the client in as `user`, or as a new one with these fields, and return the user.

        `permissions` are given to the user in person. Whoever was logged in before is so no more.
        """
        from framework.auth import AuthSettings, Tokens
        from framework.users import user_model

        if user is None:
            fields = {"email": f"{uuid4().hex}@example.com", **fields}
            user = await self._make(user_model(self._project), **fields)
        async with self._project.scope() as scope:
            await permit(scope, user, permissions)
            tokens = await (await scope.get(Tokens)).issue(user)
        scheme = self._project.settings.section(AuthSettings).tokens.scheme
        self._client.headers["Authorization"] = f"{scheme} {tokens.access_token}"
        return user


async def permit(scope: "Scope", user: "UserBase", permissions: Iterable[str]) -> None:
    """Give a user permissions in person. Raises `NotFound` for one that no model of the project has."""
    from framework.auth.models import Permission, UserPermission
    from framework.db import Repository

    known, given = await scope.get(Repository[Permission]), await scope.get(Repository[UserPermission])
    for name in permissions:
        if (permission := await known.find(name=name)) is None:
            raise NotFound(f"permission {name!r}", hint="Permissions are those of the models of installed apps.")
        await given.ensure(UserPermission(user_id=user.id, permission_id=permission.id))
