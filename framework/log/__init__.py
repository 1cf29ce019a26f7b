"""Logging: text for people in debug, JSON lines for machines otherwise, the request id in every record."""

from typing import TYPE_CHECKING

from framework.lazy import front_door

if TYPE_CHECKING:
    from framework.log.formatters import JsonFormatter, TextFormatter
    from framework.log.settings import LogSettings

__all__ = ["JsonFormatter", "LogSettings", "TextFormatter"]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "formatters": ["JsonFormatter", "TextFormatter"],
        "settings": ["LogSettings"],
    },
)
