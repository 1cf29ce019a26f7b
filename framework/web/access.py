"""Which rules hold on a route: the nearest, of those that FastAPI would add up."""

from collections.abc import Iterable, Iterator, Sequence
from operator import is_
from types import ModuleType
from typing import Any, NamedTuple, cast

from fastapi import APIRouter
from starlette.routing import BaseRoute

from framework._modules import file_of
from framework.errors import ImproperlyConfigured
from framework.web.guard import Guard
from framework.web.rule import Public, Rule

type Places = tuple[Sequence[Any], ...]
"""The dependencies stated for a route, place by place, the nearest first."""


class Held(NamedTuple):
    """What holds on a route, and what does not because of its parameters."""

    rules: tuple[Rule, ...]
    overridden: tuple[Rule, ...] = ()


def stated_by(module: ModuleType) -> list[Rule]:
    """Return what a `routes.py` states for its whole app: `access = LoginRequired`, or a list of rules."""
    found: object = getattr(module, "access", [])
    rules = cast("list[object]", found) if isinstance(found, list) else [found]
    for rule in rules:
        if not isinstance(rule, Rule):
            raise ImproperlyConfigured(
                f"`access` in {file_of(module)} is {found!r}; wanted a Rule, or a list of rules.",
                hint="Write `access = LoginRequired`.",
                code="web.access",
            )
    return cast("list[Rule]", rules)


def enforce(contexts: Iterable[Any], router: APIRouter, access: Sequence[Rule]) -> Iterator[Held]:
    """Leave each route only its nearest rules, and yield what then holds on it.

    `contexts` are what FastAPI made of the routes when `router` was included, in its order. It makes their dependants
    anew for each inclusion, so what is taken out of them is taken from this project alone. Should it stop doing so,
    `tests/web/test_access.py` fails.
    """
    stated = _places(router, (access,))
    for context in contexts:
        places = next(places for route, places in stated if route is context.original_route)
        route = context.starlette_route or context
        if hasattr(route, "dependant"):
            yield _enforce(route.dependant.dependencies, places)
        else:
            held = _held(_nearest(places))
            if any(rule != Public for rule in held):
                route.app = Guard(route.app, held)
            yield Held(held)


def _places(router: APIRouter, outer: Places) -> Iterator[tuple[BaseRoute, Places]]:
    """Yield the routes of a router and of those it includes, each with the places that may state a rule for it."""
    for route in (*getattr(router, "_low_priority_routes", ()), *router.routes):  # its frontends first, as FastAPI does
        if (included := getattr(route, "original_router", None)) is not None:
            context: Any = getattr(route, "include_context", None)
            yield from _places(included, (*_split(context.dependencies, router), *outer))
        elif hasattr(route, "dependencies"):
            yield route, (*_split(getattr(route, "dependencies", ()), router), *outer)
        else:
            yield route, ((), router.dependencies, *outer)  # Starlette's own


def _split(given: Sequence[Any], router: APIRouter) -> Places:
    """Return what a route or inclusion states by itself, and what its router put in front of that."""
    count = len(router.dependencies)
    is_whole = len(given) >= count and all(map(is_, given, router.dependencies))
    return (given[count:], router.dependencies) if is_whole else (given, ())


def _nearest(places: Places) -> list[Rule]:
    """Return the rules of the nearest place where one is written: in `dependencies=[...]`, or as `access`."""
    for place in places:
        if rules := [each.dependency for each in place if isinstance(each.dependency, Rule)]:
            return rules
    return []


def _enforce(dependencies: list[Any], places: Places) -> Held:
    """Take out of a route's dependencies the rules of all places but the nearest, and return what then holds."""
    levels = _levels(dependencies, places)
    stated = list[Rule]()
    for level in levels:
        if stated:
            level[:] = [each for each in level if not isinstance(each.call, Rule)]
        else:
            stated += _stated(level)
    dependencies[:] = [each for level in reversed(levels) for each in level if each.name or each.call != Public]
    rules = _held([*stated, *_stated(dependencies)])
    return Held(rules, tuple(rule for rule in _held([*rules, *_nearest(places)]) if rule not in rules))


def _levels(dependencies: Iterable[Any], places: Places) -> list[list[Any]]:
    """Return what FastAPI made of each place, the nearest first; the parameters of a route are of its own place.

    FastAPI has the farthest first, and the parameters, which alone have names, at the end.
    """
    unnamed = [each for each in dependencies if not each.name]
    levels = list[list[Any]]()
    for place in places:
        start = len(unnamed) - len(place)
        levels.append(unnamed[start:])
        del unnamed[start:]
    levels[0] += [each for each in dependencies if each.name]
    return levels


def _stated(level: Iterable[Any]) -> Iterator[Rule]:
    """Yield the rules that a place states: those that stand there, and the closed ones that others there ask for.

    What opens a route must stand there for all to see, not in something that one of its parameters needs.
    """
    for each in level:
        if isinstance(each.call, Rule):
            yield each.call
        yield from (rule for rule in _asked_for(each.dependencies) if not rule.is_open)


def _asked_for(dependencies: Iterable[Any]) -> Iterator[Rule]:
    """Yield every rule among dependencies and what they depend on."""
    for each in dependencies:
        if isinstance(each.call, Rule):
            yield each.call
        yield from _asked_for(each.dependencies)


def _held(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    """Return each rule once, without those that another of them says as well."""
    found = list(dict.fromkeys(rules))
    closed = [rule for rule in found if not rule.is_open] or found[:1]
    return tuple(rule for rule in closed if not any(_says_more(other, rule) for other in closed))


def _says_more(one: Rule, other: Rule) -> bool:
    return isinstance(one, type(other)) and type(one) is not type(other) and {*other.args} <= {*one.args}
