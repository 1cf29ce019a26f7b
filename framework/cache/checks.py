"""What the cache finds wrong with a project."""

import sys
from collections.abc import Iterator
from typing import Any

from framework.cache.decorator import cached_function
from framework.checks import Level, Message, check
from framework.project import Project


@check(tags=("cache",))
def cached_stands_below_routes(project: Project) -> Iterator[Message]:
    """Find routes with `@cached` above their decorator, which has by then taken the function that keeps nothing."""
    from framework.web import routes

    for route in routes(project):
        kept = cached_function(namesake(route.endpoint))
        if kept is not None and kept.function is route.endpoint:
            yield Message(
                Level.WARNING,
                f"{','.join(route.methods)} {route.path} ({route.name}) keeps nothing: @cached stands above the "
                "route's decorator.",
                hint="Put @cached below it, right above the function.",
                code="cache.above-route",
                where=route.where,
            )


def namesake(endpoint: Any) -> object:
    """Return what a module calls by the name of the function, when all decorators are done."""
    module = sys.modules.get(getattr(endpoint, "__module__", ""))
    return getattr(module, getattr(endpoint, "__name__", ""), None)
