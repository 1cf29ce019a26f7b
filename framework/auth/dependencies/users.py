"""`CurrentUser[User]` and `OptionalUser[User]`: what a route writes to know its caller."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from starlette.requests import HTTPConnection

from framework.auth.dependencies.bounds import require_bounds
from framework.auth.dependencies.identity import challenge, known
from framework.auth.dependencies.schemes import security_schemes
from framework.auth.identity import Identity
from framework.errors import ImproperlyConfigured, PermissionDenied, Unauthenticated
from framework.project import Project
from framework.users import UserBase
from framework.web import Rule

__all__ = ["CurrentIdentity", "CurrentUser", "InPerson", "LoggedIn", "LoginRequired", "OptionalUser"]


class LoggedIn(Rule):
    """Lets in who is known. As a parameter it gives the user.

    A rule that wants more derives from it, and asks its `identity()` first.
    """

    name = "LoginRequired"
    is_bounded: bool = True
    """Whether a key or token for some scopes must be good for those of the route."""

    async def __call__(self, connection: HTTPConnection) -> Any:
        """Return the user, or raise `Unauthenticated` or `PermissionDenied`."""
        return (await self.identity(connection)).user

    async def identity(self, connection: HTTPConnection) -> Identity:
        """Return who calls; raise `Unauthenticated`, or `PermissionDenied` for credentials of too few scopes."""
        found = await known(connection)
        if found is None:
            await challenge(connection, "missing")
            raise Unauthenticated("missing")
        if self.is_bounded:
            await require_bounds(connection, found)
        return found

    def security(self, project: Project) -> Mapping[str, Mapping[str, Any]]:
        """Return the schemes by which a caller is known."""
        return security_schemes(project)


LoginRequired = LoggedIn()
"""Who calls must be logged in: by a token, a session or an API key."""


class Known(LoggedIn):
    """Lets in who is known, and gives all that is known of them."""

    name = "LoginRequired"

    async def __call__(self, connection: HTTPConnection) -> Identity:
        """Return the identity, or raise `Unauthenticated`."""
        return await self.identity(connection)


class Asking(LoggedIn):
    """Lets everybody in but those whose credentials are bad, and gives the user or `None`."""

    name = "Public"
    is_open = True

    async def __call__(self, connection: HTTPConnection) -> UserBase | None:
        """Return the user, or `None` without credentials; raise for bad ones, and for those of too few scopes."""
        found = await known(connection)
        if found is None:
            return None
        await require_bounds(connection, found)
        return found.user


class LoggedInPerson(LoggedIn):
    """Lets in who logged in and may do all that is theirs: with no API key, and no token for less."""

    name = "InPerson"
    is_bounded = False

    async def __call__(self, connection: HTTPConnection) -> Identity:
        """Return the identity, or raise `Unauthenticated` or `PermissionDenied`."""
        identity = await self.identity(connection)
        if identity.kind == "key" or identity.scopes is not None:
            raise PermissionDenied(
                detail="Log in to do this: an API key or a token with scopes is not enough.", code="login_needed"
            )
        return identity


CurrentIdentity = Annotated[Identity, Known()]
"""Who calls, and by what. States `LoginRequired`."""

InPerson = Annotated[Identity, LoggedInPerson()]
"""Who calls and has logged in: for what no API key should do, such as making another."""

if TYPE_CHECKING:
    type CurrentUser[U: UserBase] = Annotated[U, LoginRequired]
    type OptionalUser[U: UserBase] = Annotated[U | None, Asking()]
else:

    class NamesUser:
        """What stands in a signature with the project's class of users: bare, it says nothing to FastAPI."""

        @classmethod
        def __get_pydantic_core_schema__(cls, source, handler):
            raise ImproperlyConfigured(
                f"{cls.__name__} stands without the class of users.",
                hint=f"Write `user: {cls.__name__}[User]`, with `from framework.users.models import User`.",
                code="auth.bare-user",
            )

    class CurrentUser(NamesUser):
        """`user: CurrentUser[User]` gives a route its caller, and states `LoginRequired` for it.

        The user is read for looking at: to change one, take `await users.get(user.id)` from `Users`.
        """

        def __class_getitem__(cls, type_):
            return Annotated[type_, LoginRequired]

    class OptionalUser(NamesUser):
        """`user: OptionalUser[User]` gives a route its caller, or `None` without credentials; bad ones are refused.

        It states `Public` for the route.
        """

        def __class_getitem__(cls, type_):
            return Annotated[type_ | None, Asking()]
