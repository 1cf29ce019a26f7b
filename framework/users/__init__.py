"""The ready user, alone, so that a project can put its own in its place. Loads SQLAlchemy only when it is used."""

from typing import TYPE_CHECKING

from framework.lazy import front_door

if TYPE_CHECKING:
    from framework.users.base import UserBase
    from framework.users.model import user_model

__all__ = ["UserBase", "user_model"]

__getattr__, __dir__ = front_door(
    __name__,
    {
        "base": ["UserBase"],
        "model": ["user_model"],
    },
)
