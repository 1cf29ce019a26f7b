"""Whether the process lives, and whether what it stands on answers: `/health/live` and `/health/ready`."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.health.services import Health
    from framework.health.settings import HealthSettings

__all__ = ["Health", "HealthSettings"]

_HOMES = {"Health": "services", "HealthSettings": "settings"}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
