"""The API description: what it says of failures and of access, and ids that are unique."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel

from framework.project import Project
from framework.web.errors import Errors, Renderer, media_type_of, model_of
from framework.web.routing import Route, Routes

_FASTAPI_MODELS = ("HTTPValidationError", "ValidationError")
_REFERENCE = "#/components/schemas/"


def describe_failures(schema: dict[str, Any], errors: Errors, table: Routes, max_body_size: int | None) -> None:
    """Describe, with the model of the renderer that answers, FastAPI's 422, 413, and what dependencies may answer.

    A dependency names the latter in `problems`, a tuple of statuses, as rules do. What a route says of a status itself
    stays; of a failure for which it states no content (`responses={404: {}}`) that is added.
    """
    routes = {(method, route.path): route for route in table for method in route.methods}
    components: dict[str, Any] = schema.get("components", {}).get("schemas", {})
    for method, path, operation in _operations(schema):
        route = routes.get((method, path))
        responses: dict[str, Any] = operation.setdefault("responses", {})
        renderer = errors.renderers.get(route.app if route else "", errors.renderer)
        for status in _problems(route, operation, max_body_size) if route else ():
            responses.setdefault(str(status), {"description": HTTPStatus(status).phrase})
        for status, response in responses.items():
            if status[0] in "45" and "content" not in response:
                response["content"] = _content(renderer, components)
        response = responses.get("422")
        if response is None or f"{_REFERENCE}{_FASTAPI_MODELS[0]}" not in str(response):
            continue  # the route describes its own
        response["content"] = _content(renderer, components)
    if components:
        schema.setdefault("components", {})["schemas"] = components
    text = str(schema["paths"])
    for name in _FASTAPI_MODELS:
        if f"{_REFERENCE}{name}'" not in text:
            components.pop(name, None)
            text += str(components)


def describe_access(schema: dict[str, Any], table: Routes, project: Project) -> None:
    """Say which credentials an operation takes, where a rule of its route takes any: one kind of them is enough."""
    rules = {(method, route.path): route.rules for route in table for method in route.methods}
    for method, path, operation in _operations(schema):
        held = rules.get((method, path), ())
        schemes = {name: scheme for rule in held for name, scheme in rule.security(project).items()}
        if not schemes:
            continue
        described = schema.setdefault("components", {}).setdefault("securitySchemes", {})
        described.update({name: deepcopy(scheme) for name, scheme in schemes.items() if name not in described})
        scopes = list(dict.fromkeys(scope for rule in held for scope in rule.scopes))
        for flow in (flow for name in schemes for flow in described[name].get("flows", {}).values()):
            flow["scopes"] = {**dict.fromkeys(scopes, ""), **flow.get("scopes", {})}
        ways: list[dict[str, list[str]]] = [{name: scopes} for name in schemes]
        optional: list[dict[str, list[str]]] = [{}] if all(rule.is_open for rule in held) else []
        operation["security"] = [*optional, *operation.get("security", ()), *ways]


def _problems(route: Route, operation: Mapping[str, Any], max_body_size: int | None) -> Iterator[int]:
    """Yield the statuses of what may stand between a caller and the code of a route."""
    yield from _of_dependencies(getattr(route.context, "dependant", None))
    is_limited = max_body_size is not None or route.context.max_body_size is not None
    if "requestBody" in operation and is_limited:
        yield 413


def _of_dependencies(dependant: Any) -> Iterator[int]:
    yield from getattr(getattr(dependant, "call", None), "problems", ())
    for below in getattr(dependant, "dependencies", ()):
        yield from _of_dependencies(below)


def make_ids_unique(schema: dict[str, Any]) -> None:
    """Give an operation that one function serves with several methods an id for each."""
    seen: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for method, _, operation in _operations(schema):
        seen.setdefault(operation.get("operationId", ""), []).append((method, operation))
    for id_, same in seen.items():
        if len(same) > 1:
            for method, operation in same:
                operation["operationId"] = f"{id_}_{method.lower()}"


def _operations(schema: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict):
                yield method.upper(), path, operation  # pyright: ignore[reportUnknownVariableType] — JSON


def _content(renderer: Renderer, components: dict[str, Any]) -> dict[str, Any]:
    model = model_of(renderer)
    if model is None:
        return {}
    return {media_type_of(renderer): {"schema": {"$ref": _REFERENCE + _component(model, components)}}}


def _component(model: type[BaseModel], components: dict[str, Any]) -> str:
    """Add a model and those within it to the components, and return its name there."""
    schema = model.model_json_schema(ref_template=_REFERENCE + "{model}", mode="serialization")
    for name, inner in schema.pop("$defs", {}).items():
        components.setdefault(name, inner)
    name = str(schema.get("title", model.__name__))
    if components.setdefault(name, schema) != schema:
        name = f"{model.__module__}.{model.__qualname__}".replace(".", "__")
        components[name] = schema
    return name
