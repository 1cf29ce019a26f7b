"""Set logging up for the process. It is the process's: of two projects the last one decides."""

import logging
import sys
from typing import TextIO

from framework import Project
from framework.log.formatters import JsonFormatter, TextFormatter
from framework.log.records import install
from framework.log.settings import LogSettings

REQUESTS = "framework.requests"


class StderrHandler(logging.StreamHandler[TextIO]):
    """Writes to what is stderr when the record comes, so that a test or a tool may replace it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # pyright: ignore[reportIncompatibleVariableOverride] — looked up, never set
        """The process's stderr."""
        return sys.stderr


def configure(project: Project) -> None:
    """Send every logger's records to one handler on the root. Doing it again adds nothing."""
    settings = project.settings.section(LogSettings)
    install()
    root = logging.getLogger()
    handler = next((each for each in root.handlers if isinstance(each, StderrHandler)), None)
    if handler is None:
        handler = StderrHandler()
        root.addHandler(handler)
    text = settings.format == "text" or (settings.format == "auto" and project.settings.debug)
    handler.setFormatter(TextFormatter() if text else JsonFormatter())
    root.setLevel(settings.level)
    for name, level in settings.loggers.items():
        logging.getLogger(name).setLevel(level)
    if REQUESTS not in settings.loggers:
        logging.getLogger(REQUESTS).setLevel(logging.NOTSET if settings.requests else logging.WARNING)
    take_over_uvicorn(silence_access=settings.requests)


def take_over_uvicorn(*, silence_access: bool) -> None:
    """Let uvicorn's records through to the root, in the place of the handlers it brings.

    A handler that the project configured itself stays.
    """
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        for handler in list(logger.handlers):
            if type(handler.formatter).__module__ == "uvicorn.logging":
                logger.removeHandler(handler)
        if not logger.handlers:
            # Without any handler in sight uvicorn does not even format its access line.
            logger.propagate = not (silence_access and name == "uvicorn.access")
