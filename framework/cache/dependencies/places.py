"""A route as the cache sees it: looked at once, since it stays as it is."""

import hashlib
import inspect
from collections.abc import Iterator
from typing import Any

from fastapi.security.base import SecurityBase
from pydantic import BaseModel, TypeAdapter
from pydantic_core import to_json
from starlette.requests import Request
from starlette.types import Scope

from framework.cache.codecs import mark_of
from framework.cache.functions import Keeping
from framework.cache.keys import NoKey, told
from framework.web import Route

__all__ = ["Place", "context_of"]

OPTIONS = (
    "status_code",
    "response_model_include",
    "response_model_exclude",
    "response_model_by_alias",
    "response_model_exclude_unset",
    "response_model_exclude_defaults",
    "response_model_exclude_none",
)
"""What FastAPI makes a response by, besides its model."""

CREDENTIALS = ("Authorization", "Cookie")
OURS = (__name__.partition(".")[0], "fastapi")


class Place:
    """A route; of an application within the project, whose routes nobody listed, one that has no path of its own."""

    def __init__(self, keeping: Keeping, context: Any, route: Route | None) -> None:
        dependant = getattr(context, "dependant", None)
        below = list(dependencies_of(dependant))
        schemes = [] if keeping.shared else [scheme for each in below if (scheme := scheme_of(each)) is not None]
        own = () if keeping.shared else CREDENTIALS
        names = [name for name in keeping.vary if name != "user"]
        names += [name for each in (dependant, *below) if each is not None for name in headers_taken(each)]
        names += [name for where, name in schemes if where == "header"]
        named = {name.lower(): name for name in (*names, *own)}
        self.name = f"{'' if route is None else route.path}#{shape_of(context)}"
        """What tells it from other routes, and from what it was before a release that changed it."""
        self.vary = ", ".join(named.values()).encode("latin-1")
        """The headers that a response may differ by, also those that dependencies take."""
        self.varies = frozenset(named)
        self.is_plain = route is not None and all(rule.is_open for rule in route.rules) and is_plain(dependant)
        """Whether the endpoint is called with nothing but what stands in the path and the query, whoever asks."""
        self.is_open = keeping.shared or (route is not None and not any(reads_request(each) for each in below))
        """Whether all that a response depends on is known. It isn't once a dependency takes the request itself."""
        self.queries = frozenset(field.alias for field in getattr(dependant, "query_params", ()))
        self._credentials = {
            *(name.lower().encode("latin-1") for where, name in schemes if where == "header"),
            *(name.lower().encode() for name in CREDENTIALS),
        }
        self._keys = [name for where, name in schemes if where == "query"]

    def has_credentials(self, scope: Scope) -> bool:
        """Tell whether a request says who sends it."""
        if any(name in self._credentials for name, _ in scope["headers"]):
            return True
        return bool(self._keys) and any(name in Request(scope).query_params for name in self._keys)


def context_of(request: Request, route: Route | None) -> Any:
    """Return what FastAPI knows of the route that serves a request; also in an application within the project."""
    return route.context if route is not None else request.scope.get("route")


def shape_of(context: Any) -> str:
    """Return what stands for the responses of a route: its model and options, as they are now."""
    field = getattr(context, "response_field", None)
    type_: Any = None if field is None else field.field_info.annotation
    mark = b"" if field is None else mark_of(TypeAdapter(type_), type_)
    kind: Any = getattr(context, "response_class", None)
    kind = getattr(kind, "value", kind)
    parts = [getattr(kind, "__qualname__", ""), *(option_of(getattr(context, name, None)) for name in OPTIONS)]
    return hashlib.blake2b(to_json(parts) + mark, digest_size=6).hexdigest()


def option_of(value: Any) -> Any:
    try:
        return told(value)
    except NoKey:  # an ellipsis in it
        return repr(value)


def dependencies_of(dependant: Any) -> Iterator[Any]:
    """Yield all that an endpoint depends on, near and far."""
    for each in getattr(dependant, "dependencies", ()):
        yield each
        yield from dependencies_of(each)


def headers_taken(dependant: Any) -> Iterator[str]:
    """Yield the headers that an endpoint or a dependency takes."""
    for each in dependant.header_params:
        model = each.field_info.annotation
        if is_model(model):
            yield from (field.alias or name.replace("_", "-") for name, field in model.model_fields.items())
        else:
            yield each.alias


def scheme_of(dependant: Any) -> tuple[str, str] | None:
    """Return where a security scheme looks for credentials, and under which name; `None` for what is no scheme."""
    scheme: Any = inspect.unwrap(dependant.call)
    if not isinstance(scheme, SecurityBase):
        return None
    model: Any = getattr(scheme, "model", None)
    where = getattr(model, "in_", None)  # of keys only; other schemes take a header
    return ("header", "Authorization") if where is None else (where.value, model.name)


def reads_request(dependant: Any) -> bool:
    """Tell whether a dependency takes the request, and may read what it wants. Those of the framework are known."""
    takes = dependant.request_param_name is not None or dependant.http_connection_param_name is not None
    return takes and str(getattr(dependant.call, "__module__", "")).partition(".")[0] not in OURS


def is_plain(dependant: Any) -> bool:
    """Tell whether an endpoint is called with nothing but what stands in the path and the query, whoever asks.

    Not with a default that is made anew for each call, such as today's date; a model may have such defaults as well.
    """
    if dependant is None or dependant.dependencies:
        return False
    if dependant.header_params or dependant.cookie_params or dependant.body_params:
        return False
    return not any(
        field.field_info.default_factory is not None or is_model(field.field_info.annotation)
        for field in (*dependant.path_params, *dependant.query_params)
    )


def is_model(type_: Any) -> bool:
    """Tell whether parameters are gathered in a model."""
    return isinstance(type_, type) and issubclass(type_, BaseModel)
