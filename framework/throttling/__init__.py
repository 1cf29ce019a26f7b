"""Throttling: how often somebody may do something. Knows no web but in `dependencies` and `middleware`."""

from typing import TYPE_CHECKING

from framework.lazy import front_door

if TYPE_CHECKING:
    from framework.throttling.dependencies import Throttle
    from framework.throttling.rates import Rate
    from framework.throttling.settings import ThrottlingSettings
    from framework.throttling.throttler import Throttler
    from framework.throttling.windows import Usage

__all__ = ["Rate", "Throttle", "Throttler", "ThrottlingSettings", "Usage"]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "dependencies": ["Throttle"],
        "rates": ["Rate"],
        "settings": ["ThrottlingSettings"],
        "throttler": ["Throttler"],
        "windows": ["Usage"],
    },
)
