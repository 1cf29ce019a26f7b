"""The web of a project: the only floor that knows FastAPI and Starlette.

Lazy, because settings files import `WebSettings` from here.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.web.application import create_app
    from framework.web.callers import Identify, caller_of
    from framework.web.deadline import Deadline
    from framework.web.dependencies import Inject, scope_of
    from framework.web.errors import Handler, Renderer
    from framework.web.exchange import add_header, project_of, route_of
    from framework.web.mounting import routes
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
    "project_of",
    "reverse",
    "route_of",
    "routes",
    "scope_of",
]

_HOMES = {
    "Deadline": "deadline",
    "FieldProblem": "problem",
    "Handler": "errors",
    "Identify": "callers",
    "Inject": "dependencies",
    "Problem": "problem",
    "Public": "rule",
    "Renderer": "errors",
    "Route": "routing",
    "Routes": "routing",
    "Rule": "rule",
    "WebSettings": "settings",
    "add_header": "exchange",
    "caller_of": "callers",
    "client_key": "proxies",
    "create_app": "application",
    "project_of": "exchange",
    "reverse": "routing",
    "route_of": "exchange",
    "routes": "mounting",
    "scope_of": "dependencies",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
