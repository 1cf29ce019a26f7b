"""Throttling: how often somebody may do something. Knows no web but in `dependencies` and `middleware`."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.throttling.dependencies import Throttle
    from framework.throttling.rates import Rate
    from framework.throttling.settings import ThrottlingSettings
    from framework.throttling.throttler import Throttler
    from framework.throttling.windows import Usage

__all__ = ["Rate", "Throttle", "Throttler", "ThrottlingSettings", "Usage"]

_HOMES = {
    "Rate": "rates",
    "Throttle": "dependencies",
    "Throttler": "throttler",
    "ThrottlingSettings": "settings",
    "Usage": "windows",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
