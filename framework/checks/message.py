"""What a check says."""

from dataclasses import dataclass
from enum import IntEnum


class Level(IntEnum):
    """How bad a message is. `ERROR` and above stop a command."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    CRITICAL = 50


@dataclass(frozen=True, slots=True)
class Message:
    """One finding: what, what to do, a stable code, and where (`file:line`, a model, a route)."""

    level: Level
    text: str
    hint: str | None = None
    code: str = ""
    where: str | None = None
