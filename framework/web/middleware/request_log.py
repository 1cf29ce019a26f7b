"""The one line that is logged for each request."""

import logging
from typing import Any

from starlette.types import Scope

from framework.web.routing import Routes

__all__ = ["RequestLog"]

MESSAGE = "%s %s %s in %s ms"

_log = logging.getLogger("framework.requests")


class RequestLog:
    """Logs requests to `framework.requests`: by the route's template, so that no id or token of a path is kept."""

    def __init__(self, table: Routes, *, debug: bool) -> None:
        self._routes = table
        self._debug = debug

    @property
    def is_on(self) -> bool:
        """Whether anybody wants the line."""
        return _log.isEnabledFor(logging.INFO)

    def write(self, scope: Scope, id_: str, status: int, seconds: float) -> None:
        """Write the line of a request that has been answered; `status` 0 for one that has not."""
        method = scope["method"] if scope["type"] == "http" else "WS"
        route = _template(self._routes, scope)
        path = scope["path"]
        shown = path if self._debug or route is None else route
        if not shown.isprintable():
            shown = shown.encode("unicode_escape").decode()
        level = logging.ERROR if status >= 500 else logging.INFO
        milliseconds = round(seconds * 1000, 1)
        told: dict[str, Any] = {"method": method, "route": route, "status": status, "milliseconds": milliseconds}
        if client := scope.get("client"):
            told["client"] = client[0]
        args = (method, shown, status or "-", milliseconds)
        # The log's own handler writes a line without a record, which costs more to make than the line.
        write_line = getattr(sole_handler(_log), "write_line", None)
        if write_line is not None and write_line(_log.name, level, MESSAGE % args, {"request_id": id_, **told}):
            return
        # Made and handled here, not by log(): looking for the caller costs more than the rest of the line.
        record = logging.getLogRecordFactory()(_log.name, level, __file__, 0, MESSAGE, args, None, None)
        vars(record).update(told)
        _log.handle(record)


def sole_handler(logger: logging.Logger) -> logging.Handler | None:
    """Return the one handler that hears of a logger's records; `None` for several, and where a filter hears first."""
    if logger.filters:
        return None
    found: logging.Handler | None = None
    each: logging.Logger | None = logger
    while each is not None:
        for handler in each.handlers:
            if found is not None:
                return None
            found = handler
        each = each.parent if each.propagate else None
    return found


def _template(table: Routes, scope: Scope) -> str | None:
    if (route := table.serving(scope)) is not None:
        return route.path
    inner = getattr(scope.get("route"), "path_format", None)
    return scope.get("root_path", "") + inner if inner else None
