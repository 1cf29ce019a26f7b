"""One request for a cached route: from what the endpoint returned to what is kept and what is sent."""

import time
from typing import Any

from fastapi.datastructures import DefaultPlaceholder
from fastapi.routing import serialize_response
from fastapi.utils import is_body_allowed_for_status_code
from starlette.requests import Request
from starlette.responses import Response

from framework.cache.dependencies.places import context_of
from framework.cache.responses import StoredResponse
from framework.web import route_of

__all__ = ["Asked", "Headers", "controlling", "headers_of", "type_of", "varying"]

type Headers = list[tuple[bytes, bytes]]

OWN = "private, no-cache"
PRIVATE = frozenset(("private", "no-store"))
NOT_KEPT = ("content-length", "content-type", "etag")
"""Headers that are made of the response when it is sent."""


class Asked:
    """A request for a cached route. `response` is FastAPI's, on which dependencies and the endpoint set headers."""

    def __init__(self, request: Request, response: Response) -> None:
        self.request = request
        self.route = route_of(request)
        self.context: Any = context_of(request, self.route)
        self._response = response
        self._of_dependencies = list(response.headers.raw)

    async def made(self, result: Any) -> Response:
        """Return the response that FastAPI would make of what the endpoint returned."""
        if isinstance(result, Response):
            return result
        context = self.context
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
        if not is_body_allowed_for_status_code(status):
            response.body = b""
        response.raw_headers += self._response.headers.raw[len(self._of_dependencies) :]
        return response

    def stored(self, response: Response, until: float, varies: frozenset[str]) -> StoredResponse | None:
        """Return the response as it is kept, or `None` for one that is not.

        That is a stream, an error, somebody's own, or one that differs by headers that are not among `varies`.
        """
        headers = [(name.decode("latin-1"), value.decode("latin-1")) for name, value in response.raw_headers]
        told = dict(headers)
        is_own = "set-cookie" in told or not PRIVATE.isdisjoint(words(headers, "cache-control"))
        if is_own or not varies.issuperset(words(headers, "vary")):
            return None
        if not 200 <= response.status_code < 300 or hasattr(response, "body_iterator"):
            return None
        if response.background is not None or not isinstance(getattr(response, "body", None), bytes):
            return None
        return StoredResponse.of(
            bytes(response.body),
            response.status_code,
            told.get("content-type", ""),
            tuple(each for each in headers if each[0] not in NOT_KEPT),
            until,
            etag=told.get("etag", ""),
        )

    def marked(self, response: Response, vary: bytes) -> Response:
        """Say that nobody may keep a response for others."""
        response.raw_headers += [*self._of_dependencies, *varying(vary)]
        response.raw_headers += controlling(OWN, response.raw_headers, None)
        return response

    def answer(self, stored: StoredResponse, control: str, vary: bytes) -> Response:
        """Return what to send of a response that is kept."""
        if any(name == b"set-cookie" for name, _ in self._of_dependencies):
            control = OWN
        headers = [*headers_of(stored), *self._of_dependencies, *varying(vary)]
        headers += controlling(control, headers, stored)
        if stored.matches(self.request.headers.get("if-none-match")):
            response = Response(status_code=304)
            response.raw_headers = headers
        else:
            response = Response(stored.body, stored.status)
            response.raw_headers += [*type_of(stored), *headers]
        return response


def headers_of(stored: StoredResponse) -> Headers:
    """Return what is said of a response, also to those who have it."""
    own = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in stored.headers]
    return [*own, (b"etag", stored.etag.encode())]


def type_of(stored: StoredResponse) -> Headers:
    """Return what is said of a body that is sent."""
    return [(b"content-type", stored.type.encode("latin-1"))] if stored.type else []


def varying(names: bytes) -> Headers:
    """Return the header that says what a response depends on."""
    return [(b"vary", names)] if names else []


def controlling(control: str, headers: Headers, stored: StoredResponse | None) -> Headers:
    """Return the header that says who may keep a response; where the endpoint said it, how long ago that was."""
    if not any(name == b"cache-control" for name, _ in headers):
        return [(b"cache-control", control.encode())]
    age = int(time.time() - stored.made) if stored is not None else 0
    return [(b"age", b"%d" % age)] if age > 0 else []


def words(headers: list[tuple[str, str]], name: str) -> set[str]:
    """Return what the lines of a header name, without arguments, in lower case."""
    said = [value for each, value in headers if each == name]
    return {word.partition("=")[0].strip().lower() for value in said for word in value.split(",")} - {""}
