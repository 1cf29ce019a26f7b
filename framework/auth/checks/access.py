"""Checks of who may call the routes."""

from collections.abc import Iterator

from framework.checks import Level, Message, check
from framework.project import Project

__all__ = ["routes_state_a_rule"]


@check(tags=("security",))
def routes_state_a_rule(project: Project, *, deploy: bool = False) -> Iterator[Message]:
    """Find routes of which nobody said who may call them: forgotten, they are open to all."""
    from framework.web import routes

    for route in routes(project):
        if not route.rules:
            yield Message(
                Level.ERROR if deploy else Level.WARNING,
                f"{','.join(route.methods)} {route.path} ({route.name}) does not say who may call it.",
                hint="State a rule on the route or its router, `dependencies=[LoginRequired]`, or for the whole app, "
                "`access = LoginRequired` in its routes.py. `Public` is a rule, too.",
                code="auth.no-rule",
                where=route.where,
            )
