"""Logging: text for people in debug, JSON lines for machines otherwise, the request id in every record."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.log.formatters import JsonFormatter, TextFormatter
    from framework.log.settings import LogSettings

__all__ = ["JsonFormatter", "LogSettings", "TextFormatter"]

_HOMES = {"JsonFormatter": "formatters", "LogSettings": "settings", "TextFormatter": "formatters"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
