"""Who may call a route: a `Rule`, and `Public`, which lets everybody."""

from collections.abc import Mapping
from typing import Any

from fastapi.params import Depends
from starlette.requests import HTTPConnection

from framework.project import Project


class Rule(Depends):
    """One statement of who may call a route. Subclass it, and refuse by raising.

    An instance is a FastAPI dependency. It stands on a route (`dependencies=[LoginRequired]`), on a router, or for a
    whole app, as `access = LoginRequired` in its `routes.py`. The nearest statement counts: the route's, else the
    innermost router's that has one, else the app's; the farther ones don't run. Several at one place must all hold.
    As a parameter (`Annotated[User, LoginRequired]`) it also gives what it returns, and is a statement of the route's
    like any other, so that a farther one does nothing. In what a parameter depends on, only a rule that is not open is.

    What `__call__` takes beside the connection is filled by FastAPI, like any dependency's parameters. Of two rules
    that hold, one whose class derives from the other's, and that has its arguments too, says it all.
    """

    name: str = ""
    """What it is called where it is shown; the name of its class, unless that class itself sets it."""
    scopes: tuple[str, ...] = ()
    """What an OAuth2 client needs for it, as the API description shows it."""
    is_open: bool = False
    """Whether it lets callers without credentials through."""
    problems: tuple[int, ...] = (401, 403)
    """The statuses it may answer, as the API description shows them."""

    def __init__(self, *args: str) -> None:
        super().__init__(dependency=self)
        self.args = args

    async def __call__(self, connection: HTTPConnection) -> Any:
        """Return when the caller may go on; raise `Unauthenticated` or `PermissionDenied` when not.

        Must be overridden, by a coroutine function. Called once a request, at however many places the rule stands.
        """
        raise NotImplementedError

    def security(self, project: Project) -> Mapping[str, Mapping[str, Any]]:
        """Return the OpenAPI security schemes that it takes credentials of, by name: one of them is enough."""
        return {}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Rule) and type(self) is type(other) and self.args == other.args

    def __hash__(self) -> int:
        return hash((type(self), self.args))

    def __repr__(self) -> str:
        name: str = vars(type(self)).get("name") or type(self).__name__
        return f"{name}({', '.join(f'"{arg}"' for arg in self.args)})" if self.args else name


class Everybody(Rule):
    """Lets every caller through, known or not."""

    name = "Public"
    is_open = True
    problems = ()

    async def __call__(self, connection: HTTPConnection) -> None:
        """Let the caller through."""


Public = Everybody()
"""Everybody may call: `dependencies=[Public]` on a route or a router, `access = Public` for an app."""
