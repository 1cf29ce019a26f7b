"""How a record is written: one line of JSON, or text for people."""

import json
import logging
from datetime import UTC, datetime
from types import NoneType
from typing import Any

from pydantic_core import to_json

_STANDARD = {*vars(logging.makeLogRecord({})), "asctime", "color_message", "message", "taskName"}
"""What every record has, and what uvicorn and formatters add; all else was given as `extra`."""


_PLAIN = {str, int, float, bool, NoneType}
_encode = json.JSONEncoder(default=str, allow_nan=False, separators=(",", ":")).encode
"""Made once: `json.dumps` would make an encoder for each line."""


class JsonFormatter(logging.Formatter):
    """Writes a record as one line of JSON, exceptions included: time, level, logger, message, request_id, extras."""

    def __init__(self) -> None:
        super().__init__()
        self._second = 0, ""
        """The last one that was written, and how: many lines are of the same."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = self.begun(record.created, record.levelname, record.name, record.getMessage())
        if (id_ := getattr(record, "request_id", None)) is not None:
            line["request_id"] = id_
        for name, value in vars(record).items():
            if name not in _STANDARD and not name.startswith("_"):
                line.setdefault(name, value)
        if line.get("request_id", "") is None:
            del line["request_id"]
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        elif record.exc_text:
            line["exception"] = record.exc_text
        if record.stack_info:
            line["stack"] = record.stack_info
        return dumped(line)

    def begun(self, created: float, level: str, logger: str, message: str) -> dict[str, Any]:
        """Return what every line says; `created` in seconds of the epoch."""
        time = f"{self._time(int(created))}.{int(created * 1000) % 1000:03}Z"
        return {"time": time, "level": level, "logger": logger, "message": message}

    def _time(self, second: int) -> str:
        known, text = self._second
        if second != known:
            text = f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}"
            self._second = second, text
        return text


class TextFormatter(logging.Formatter):
    """Writes a record for people: time, level, logger, message, the request's id, and traces as Python prints them."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)-8s %(name)s: %(message)s", "%H:%M:%S")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Return the first line."""
        line = super().formatMessage(record)
        id_ = getattr(record, "request_id", None)
        return f"{line} [{id_}]" if id_ else line


def dumped(line: dict[str, Any]) -> str:
    """Return strict JSON on one line. What JSON cannot say is written the way it prints itself."""
    try:
        if {*map(type, line.values())} <= _PLAIN:  # most lines, at half the cost
            return to_json(line, ensure_ascii=True, inf_nan_mode="strings").decode()
        return _encode(line)
    except (TypeError, ValueError):  # NaN, a circle, a key or a text that is none
        return _encode({name: value if isinstance(value, str) else repr(value) for name, value in line.items()})
