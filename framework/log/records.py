"""Log records that carry the id of the request they were made in."""

import logging
from typing import Any

from framework.context import request_id


class Record(logging.LogRecord):
    """A log record with a `request_id`, for every handler and formatter, whatever logger it comes from.

    A filter would not do: one on a logger does not see the records of its children, and one on a handler runs on
    that handler alone, maybe in another thread. The id is taken when the record is made. It is written into the
    record's own namespace no sooner than the message is: `extra={"request_id": ...}` of a library would raise
    KeyError if it stood there before.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._request_id = request_id.get() or _carried(self)

    def __getattr__(self, name: str) -> Any:
        if name == "request_id":
            return self.__dict__.get("_request_id")
        raise AttributeError(name)

    def getMessage(self) -> str:
        """Return the message, and let `%(request_id)s` find its value from now on."""
        self.__dict__.setdefault("request_id", self.__dict__.get("_request_id"))
        return super().getMessage()


def _carried(record: logging.LogRecord) -> str | None:
    """Return the id an exception took along: a server logs it after the request's own context has ended."""
    error = record.exc_info[1] if record.exc_info else None
    return getattr(error, "__request_id__", None)


def install() -> None:
    """Make every record of the process one of ours. Doing it again changes nothing."""
    if logging.getLogRecordFactory() is not Record:
        logging.setLogRecordFactory(Record)
