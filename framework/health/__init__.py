"""Whether the process lives, and whether what it stands on answers: `/health/live` and `/health/ready`."""

from typing import TYPE_CHECKING

from framework.lazy import front_door

if TYPE_CHECKING:
    from framework.health.services import Health
    from framework.health.settings import HealthSettings

__all__ = ["Health", "HealthSettings"]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "services": ["Health"],
        "settings": ["HealthSettings"],
    },
)
