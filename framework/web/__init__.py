"""The web of a project: the only floor that knows FastAPI and Starlette.

Lazy, because settings files import `WebSettings` from here.
"""

from typing import TYPE_CHECKING

from framework.lazy import front_door

if TYPE_CHECKING:
    from framework.web.application import create_app
    from framework.web.callers import Identify, caller_of
    from framework.web.deadline import Deadline
    from framework.web.dependencies import Inject, scope_of
    from framework.web.errors import Handler, Renderer
    from framework.web.exchange import add_header, project_of, route_of
    from framework.web.mounting import routes
    from framework.web.paths import path_of
    from framework.web.problem import FieldProblem, Problem
    from framework.web.proxies import client_key
    from framework.web.routing import Route, Routes, reverse
    from framework.web.rule import Public, Rule
    from framework.web.settings import WebSettings

__all__ = [
    "Deadline",
    "FieldProblem",
    "Handler",
    "Identify",
    "Inject",
    "Problem",
    "Public",
    "Renderer",
    "Route",
    "Routes",
    "Rule",
    "WebSettings",
    "add_header",
    "caller_of",
    "client_key",
    "create_app",
    "path_of",
    "project_of",
    "reverse",
    "route_of",
    "routes",
    "scope_of",
]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "application": ["create_app"],
        "callers": ["Identify", "caller_of"],
        "deadline": ["Deadline"],
        "dependencies": ["Inject", "scope_of"],
        "errors": ["Handler", "Renderer"],
        "exchange": ["add_header", "project_of", "route_of"],
        "mounting": ["routes"],
        "paths": ["path_of"],
        "problem": ["FieldProblem", "Problem"],
        "proxies": ["client_key"],
        "routing": ["Route", "Routes", "reverse"],
        "rule": ["Public", "Rule"],
        "settings": ["WebSettings"],
    },
)
