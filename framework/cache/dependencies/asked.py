"""One request for a cached route: from what the endpoint returned to what is kept and what is sent."""

from collections.abc import Iterable
from typing import Any

from fastapi.datastructures import DefaultPlaceholder
from fastapi.routing import serialize_response
from starlette.requests import Request
from starlette.responses import Response

from framework.cache.responses import StoredResponse
from framework.web import route_of

__all__ = ["Asked"]

PRIVATE = ("private", "no-store")
NOT_KEPT = ("content-length", "content-type")
"""Headers that are made of the body when it is sent."""


class Asked:
    """A request for a cached route. `response` is FastAPI's, on which dependencies and the endpoint set headers."""

    def __init__(self, request: Request, response: Response) -> None:
        self.request = request
        self.route = route_of(request)
        self._response = response
        self._of_dependencies = list(response.headers.raw)

    async def made(self, result: Any) -> Response:
        """Return the response that FastAPI would make of what the endpoint returned."""
        if isinstance(result, Response):
            return result
        context: Any = self.route.context if self.route is not None else None
        status = self._response.status_code or getattr(context, "status_code", None) or 200
        kind = getattr(context, "response_class", None)
        is_default = kind is None or isinstance(kind, DefaultPlaceholder)
        field = getattr(context, "response_field", None)
        content = await serialize_response(
            field=field,
            response_content=result,
            include=getattr(context, "response_model_include", None),
            exclude=getattr(context, "response_model_exclude", None),
            by_alias=getattr(context, "response_model_by_alias", True),
            exclude_unset=getattr(context, "response_model_exclude_unset", False),
            exclude_defaults=getattr(context, "response_model_exclude_defaults", False),
            exclude_none=getattr(context, "response_model_exclude_none", False),
            dump_json=field is not None and is_default,
        )
        if field is not None and is_default:
            response = Response(content, status, media_type="application/json")
        else:
            made_by: Any = kind.value if isinstance(kind, DefaultPlaceholder) else kind
            response = made_by(content, status_code=status)
        response.raw_headers += self._response.headers.raw[len(self._of_dependencies) :]
        return response

    def stored(self, response: Response, until: float) -> StoredResponse | None:
        """Return the response as it is kept, or `None` for one that is not: a stream, an error, somebody's own."""
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers]
        told = dict(headers)
        is_own = "set-cookie" in told or any(word in told.get("cache-control", "") for word in PRIVATE)
        if is_own or not 200 <= response.status_code < 300 or hasattr(response, "body_iterator"):
            return None
        if response.background is not None or not isinstance(getattr(response, "body", None), bytes):
            return None
        return StoredResponse.of(
            bytes(response.body),
            response.status_code,
            told.get("content-type", ""),
            tuple(each for each in headers if each[0] not in NOT_KEPT),
            until,
        )

    def marked(self, response: Response, control: str, vary: Iterable[str]) -> Response:
        """Say who may keep a response that is not kept here. What the endpoint said counts."""
        for name, value in self._of_dependencies:
            response.raw_headers.append((name, value))
        self._mark(response, control, vary)
        return response

    def answer(self, stored: StoredResponse, control: str, vary: Iterable[str]) -> Response:
        """Return what to send of a response that is kept."""
        if any(name == b"set-cookie" for name, _ in self._of_dependencies):
            control = "private, no-cache"
        is_known = stored.status == 200 and stored.matches(self.request.headers.get("if-none-match"))
        response = Response(b"" if is_known else stored.body, 304 if is_known else stored.status)
        raw = response.raw_headers = [] if is_known else response.raw_headers
        if stored.type and not is_known:
            raw.append((b"content-type", stored.type.encode("latin-1")))
        raw += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in stored.headers]
        raw += self._of_dependencies
        raw.append((b"etag", stored.etag.encode()))
        self._mark(response, control, vary)
        return response

    def _mark(self, response: Response, control: str, vary: Iterable[str]) -> None:
        present = {name for name, _ in response.raw_headers}
        if b"cache-control" not in present:
            response.raw_headers.append((b"cache-control", control.encode()))
        names = ", ".join(vary)
        if names:
            response.raw_headers.append((b"vary", names.encode("latin-1")))
