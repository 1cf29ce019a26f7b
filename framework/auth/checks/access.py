"""Checks of who may call the routes."""

from collections.abc import Iterator

from framework.checks import Level, Message, check
from framework.project import Project

__all__ = ["parameters_open_nothing", "routes_state_a_rule", "rules_name_permissions"]


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
                "`access = LoginRequired` in its routes.py. `Public` is a rule, too. For an app of others: "
                f'`WebSettings(access={{"{route.app}": "framework.auth:LoginRequired"}})`.',
                code="auth.no-rule",
                where=route.where,
            )


@check(tags=("security",))
def parameters_open_nothing(project: Project) -> Iterator[Message]:
    """Find routes that ask who calls, and so no longer demand what their router or app does: it may not be meant.

    Where that is a login and no more, `OptionalUser` is how a route says that it does without.
    """
    from framework.auth.dependencies import LoginRequired
    from framework.web import routes

    for route in routes(project):
        lost = ", ".join(repr(rule) for rule in route.overridden if rule != LoginRequired)
        if lost:
            own = "Public" if all(rule.is_open for rule in route.rules) else "LoginRequired"
            yield Message(
                Level.WARNING,
                f"{','.join(route.methods)} {route.path} ({route.name}) is {route.access} by a parameter, where its "
                f"router or app demands {lost}.",
                hint=f"Write that on the route again, `dependencies=[{lost}]`, and both hold; or write "
                f"`dependencies=[{own}]`, if less is meant.",
                code="auth.overridden-rule",
                where=route.where,
            )


@check(tags=("security",))
def rules_name_permissions(project: Project) -> Iterator[Message]:
    """Find rules that demand a permission which no model has: unless somebody stored it, they let nobody in."""
    from framework.auth.access import PermissionNames
    from framework.web import routes

    names = PermissionNames(project)
    for route in routes(project):
        for permission in (name for rule in route.rules for name in getattr(rule, "permissions", ())):
            if permission not in names:
                yield Message(
                    Level.WARNING,
                    f"{','.join(route.methods)} {route.path} ({route.name}) demands the permission {permission!r}, "
                    "which no model has.",
                    hint=names.unknown(permission).hint,
                    code="auth.unknown-permission",
                    where=route.where,
                )
