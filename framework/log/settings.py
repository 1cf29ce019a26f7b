"""What a project can say about its log."""

import logging
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator

from framework import Section


def _level(value: str) -> str:
    if value.upper() not in logging.getLevelNamesMapping():
        raise ValueError(f"{value!r} is no level: write DEBUG, INFO, WARNING, ERROR or CRITICAL")
    return value.upper()


type LevelName = Annotated[str, AfterValidator(_level)]


class LogSettings(Section):
    """How a project logs."""

    level: LevelName = "INFO"
    """The least that is written."""
    loggers: Mapping[str, LevelName] = {"alembic": "WARNING", "framework.db.connections.pool": "WARNING"}
    """The same for single loggers and those below them: `{"sqlalchemy.engine": "INFO"}`. By default two that report on
    themselves are quiet."""
    format: Literal["auto", "text", "json"] = "auto"
    """`auto` is text in debug and JSON lines otherwise."""
    requests: bool = True
    """Write one line for every request, in the place of the server's access log."""
