"""The web of a project: the only floor that knows FastAPI and Starlette.

Lazy, because settings files import `WebSettings` from here.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.web.application import create_app
    from framework.web.dependencies import Inject
    from framework.web.errors import Handler, Renderer
    from framework.web.mounting import routes
    from framework.web.problem import FieldProblem, Problem
    from framework.web.routing import Route, Routes, reverse
    from framework.web.settings import WebSettings

__all__ = [
    "FieldProblem",
    "Handler",
    "Inject",
    "Problem",
    "Renderer",
    "Route",
    "Routes",
    "WebSettings",
    "create_app",
    "reverse",
    "routes",
]

_HOMES = {
    "FieldProblem": "problem",
    "Handler": "errors",
    "Inject": "dependencies",
    "Problem": "problem",
    "Renderer": "errors",
    "Route": "routing",
    "Routes": "routing",
    "WebSettings": "settings",
    "create_app": "application",
    "reverse": "routing",
    "routes": "mounting",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
