"""Set logging up for the process. It is the process's: of two projects the last one decides."""

import logging
import sys
import time
from contextlib import nullcontext, suppress
from typing import Any, TextIO

from framework import Project
from framework.log.formatters import JsonFormatter, TextFormatter, dumped
from framework.log.records import Record, install
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

    def write_line(self, logger: str, level: int, message: str, told: dict[str, Any]) -> bool:
        """Write what a record with these extras would look like, at a third of the cost of one.

        Returns `False`, having written nothing, where something of the project's own is there that wants a record: a
        factory, a filter, another formatter; and for text, which is for people and in no hurry.
        """
        formatter = self.formatter
        if type(formatter) is not JsonFormatter or self.filters or logging.getLogRecordFactory() is not Record:
            return False
        if level < self.level:
            return True
        line = formatter.begun(time.time(), logging.getLevelName(level), logger, message) | told
        text = dumped(line) + self.terminator
        with self.lock or nullcontext():
            try:
                self.stream.write(text)
                self.flush()
            except Exception:  # full, closed, or none at all: logging does with it what it does with a record
                return False
        return True

    def handleError(self, record: logging.LogRecord) -> None:
        """Say on stderr that a record could not be written there, unless it is closed."""
        with suppress(ValueError):
            super().handleError(record)

    def flush(self) -> None:
        """Flush the stream, unless it has done so by itself at the end of the line."""
        if not getattr(self.stream, "line_buffering", False):
            super().flush()


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
