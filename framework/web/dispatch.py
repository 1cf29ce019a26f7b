"""Which route serves a request, found without trying them all.

FastAPI tries one route after another, with all routes of every included router, and that twice a request: as a project
grows, finding a route costs more than what it does. Here a tree of path templates says which routes are worth trying.
What it finds is tried by FastAPI itself, in the old order, so it may find too much, but never too little.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, cast

from starlette._utils import get_route_path
from starlette.convertors import Convertor, FloatConvertor, IntegerConvertor, StringConvertor, UUIDConvertor
from starlette.datastructures import URLPath
from starlette.routing import BaseRoute, Match, Mount, NoMatchFound
from starlette.types import Receive, Scope, Send

__all__ = ["Dispatch", "narrow"]

CHOSEN = "framework.dispatch"

WITHIN_SEGMENT = (StringConvertor, IntegerConvertor, FloatConvertor, UUIDConvertor)
"""What matches no slash, and not nothing."""

type Template = tuple[str, Mapping[str, Convertor[Any]]]
"""A path with its parameters in braces, and what they match."""


class Node:
    """Where a path has come to after some of its segments."""

    __slots__ = ("below", "children", "here", "parameter")

    def __init__(self) -> None:
        self.children: dict[str, Node] = {}
        self.parameter: Node | None = None
        self.here: set[int] = set()
        """What may end here."""
        self.below: set[int] = set()
        """What may go on from here in ways that only it can tell."""

    def add(self, segments: Iterable[str], convertors: Mapping[str, Convertor[Any]], number: int) -> None:
        """Add what has these segments."""
        node = self
        for segment in segments:
            if "{" not in segment:
                node = node.children.setdefault(segment, Node())
            elif isinstance(convertors.get(segment[1:-1]), WITHIN_SEGMENT):
                node.parameter = node = node.parameter or Node()
            else:  # text around a parameter, or a parameter that may go over slashes
                node.below.add(number)
                return
        node.here.add(number)

    def find(self, segments: Sequence[str], at: int = 0) -> Iterator[int]:
        """Yield what may have these segments."""
        yield from self.below
        if at == len(segments):
            yield from self.here
            return
        segment = segments[at]
        if (child := self.children.get(segment)) is not None:
            yield from child.find(segments, at + 1)
        if segment and self.parameter is not None:
            yield from self.parameter.find(segments, at + 1)


class Tree:
    """The path templates of a sequence of routes, each known by its place."""

    def __init__(self, routes: Iterable[Any]) -> None:
        self._last: tuple[str | None, list[int]] = None, []
        """What was found last: FastAPI asks twice for each request."""
        self._root, tried = Node(), list(routes)
        self._all = list(range(len(tried)))
        for number, route in enumerate(tried):
            for template in templates_of(route):
                if template is None:
                    self._root.below.add(number)
                else:
                    path, convertors = template
                    self._root.add(path.split("/"), convertors, number)

    def find(self, path: str) -> list[int]:
        """Return the places of the routes that the path may be of, in order."""
        last, found = self._last
        if path != last:
            # Expressions end with `$`, which a line break may follow: such a path may be of any.
            found = self._all if path.endswith("\n") else sorted({*self._root.find(path.split("/"))})
            self._last = path, found
        return found


def templates_of(route: Any) -> Iterator[Template | None]:
    """Yield the templates of a route, or of all within it; `None` for what can only be tried."""
    if hasattr(route, "effective_candidates"):
        for each in route.effective_candidates():
            yield from templates_of(each)
        return
    served = getattr(route, "starlette_route", None) or route
    template = getattr(served, "path_format", None)
    if isinstance(served, Mount):
        yield f"{served.path}/{{path}}", served.param_convertors
    elif isinstance(template, str) and hasattr(served, "path_regex"):
        yield template, served.param_convertors
    else:
        yield None


type Matching = Callable[[Any, Scope], Any]


class Possible:
    """Stands for an included router that has no other routes than those."""

    __slots__ = ("_candidates",)

    def __init__(self, candidates: Sequence[Any]) -> None:
        self._candidates = candidates

    def effective_candidates(self) -> Sequence[Any]:
        """Return the routes, as FastAPI asks for them."""
        return self._candidates


def narrow(included: Any) -> None:
    """Have FastAPI try only those routes of an included router that a path may be of. They must not change any more.

    `tests/web/test_dispatch.py` fails when FastAPI finds its routes another way.
    """
    candidates: Sequence[Any] = included.effective_candidates()
    tree, match = Tree(candidates), cast("Matching", type(included)._match)  # pyright: ignore[reportUnknownMemberType]  # of FastAPI

    def match_possible(scope: Scope) -> Any:
        found = [candidates[number] for number in tree.find(get_route_path(scope))]
        return match(Possible(found), scope)

    included._match = match_possible


class Dispatch(BaseRoute):
    """Comes before all other routes, and finds which of them serves a request.

    What it does not find is left to them: wrong methods, slashes too many, unknown paths, and routes added later.
    """

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = tuple(routes)
        self._tree = Tree(self._routes)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Match what the first of the routes does that matches wholly, if it is an app's."""
        for number in self._tree.find(get_route_path(scope)):
            route = self._routes[number]
            match, child_scope = route.matches(scope)
            if match is Match.FULL:
                if not hasattr(route, "effective_candidates"):  # the API docs: they are asked for seldom
                    break
                return match, {**child_scope, CHOSEN: route}
        return Match.NONE, {}

    def url_path_for(self, name: str, /, **path_params: Any) -> URLPath:
        """Know no name."""
        raise NoMatchFound(name, path_params)

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request by the route that was found."""
        await scope.pop(CHOSEN).handle(scope, receive, send)
