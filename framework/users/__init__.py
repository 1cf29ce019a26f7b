"""The ready user, alone, so that a project can put its own in its place. Loads SQLAlchemy only when it is used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from framework.users.base import UserBase
    from framework.users.model import user_model

__all__ = ["UserBase", "user_model"]

HOMES = {"UserBase": "framework.users.base", "user_model": "framework.users.model"}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
