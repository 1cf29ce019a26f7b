"""What a cached function is called with, and the key made of it."""

import hashlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, cast, get_type_hints
from weakref import WeakKeyDictionary

from pydantic_core import PydanticSerializationError, to_json

from framework.cache.tags import names_of
from framework.errors import FrameworkError
from framework.services import Injected, Services

__all__ = ["Signature"]

PLAIN = (int, str, type(None), bool, float)

LONGEST = 150
"""Characters of a key that are kept as they are, to be read by people."""


class Signature:
    """The parameters of a function: those that say what is asked for, and the means to answer."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.name = f"{function.__module__}.{function.__qualname__}"
        self._signature = inspect.signature(function)
        self.parameters = self._signature.parameters
        self._positional = [
            name
            for name, each in self.parameters.items()
            if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)
        ]
        self._by_name = all(
            each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY) for each in self.parameters.values()
        )
        self._all = len(self._positional) if self._by_name and len(self._positional) == len(self.parameters) else -1
        """How many arguments are all of them, given by position."""
        self._defaults = {
            name: each.default for name, each in self.parameters.items() if each.default is not inspect.Parameter.empty
        }
        self.is_method = next(iter(self.parameters), "") in ("self", "cls") and "." in function.__qualname__
        self._hints: dict[str, Any] | None = None
        self._means: WeakKeyDictionary[Services, Mapping[str, Any]] = WeakKeyDictionary()

    @property
    def hints(self) -> dict[str, Any]:
        """The annotations, strings resolved. Read late: they may name what is defined after the function."""
        if self._hints is None:
            self._hints = get_type_hints(self.function, include_extras=True)
        return self._hints

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments by name, defaults included."""
        if len(args) == self._all and not kwargs:
            return dict(zip(self._positional, args, strict=True))
        if not self._by_name or len(args) > len(self._positional):
            bound = self._signature.bind(*args, **kwargs)
            bound.apply_defaults()
            return dict(bound.arguments)
        given = {**self._defaults, **dict(zip(self._positional, args, strict=False)), **kwargs}
        if len(given) != len(self.parameters):
            self._signature.bind(*args, **kwargs)  # says what is missing or unexpected
        return given

    async def call(self, given: Mapping[str, Any]) -> Any:
        """Call the function with the arguments that `bind` returned."""
        if self._by_name:
            return await self.function(**given)
        bound = inspect.BoundArguments(self._signature, cast("Any", given))
        return await self.function(*bound.args, **bound.kwargs)

    def means(self, services: Services, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the parameters that are services, with their types: they say how to answer, not what."""
        if (known := self._means.get(services)) is not None:
            return known
        hints = self.hints
        found: dict[str, Any] = {
            name: hints[name] for name in given if name in hints and is_service(hints[name], services)
        }
        if self.is_method:
            found[self._positional[0]] = cast("Any", type(given[self._positional[0]]))
        self._means[services] = found
        return found

    def key(self, given: Mapping[str, Any], without: Mapping[str, Any]) -> str:
        """Return the key for the arguments `given`."""
        # In the order of the parameters, however they were passed.
        asked = {
            name: value if type(value := given[name]) in PLAIN else told(value)
            for name in self.parameters
            if name in given and name not in without
        }
        try:
            text = to_json(asked).decode() if asked else ""
        except PydanticSerializationError:
            raise self._no_key(asked) from None
        if len(text) > LONGEST:
            text = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        return f"{self.name}:{text}"

    def _no_key(self, asked: Mapping[str, Any]) -> FrameworkError:
        name = next(name for name, value in asked.items() if not is_key(value))
        return FrameworkError(
            f"The argument {name!r} of {self.name} is a {type(asked[name]).__name__}, of which no key can be made.",
            hint="Take what tells values apart, such as an id; services are left out where `Inject[...]` marks them.",
            code="cache.key",
        )


def told(value: Any) -> Any:
    """Return what tells an argument from others; of a row its name, since the rest of it may change."""
    return names_of(value)[0] if hasattr(cast("Any", type(value)), "__table__") else value


def is_key(value: Any) -> bool:
    """Tell whether a key can be made of an argument."""
    try:
        to_json(value)
    except PydanticSerializationError:
        return False
    return True


def is_service(hint: Any, services: Services) -> bool:
    """Tell whether a parameter is filled with a service."""
    extras = getattr(hint, "__metadata__", ())
    return any(isinstance(extra, Injected) or extra is Injected for extra in extras) or hint in services
