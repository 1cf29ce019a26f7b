"""What a cached function is called with, and the key made of it."""

import hashlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any, cast, get_type_hints
from weakref import WeakKeyDictionary, ref

from pydantic_core import PydanticSerializationError, to_json

from framework.cache.keys import PLAIN, NoKey, told
from framework.cache.names import name_of, plain_name_of
from framework.errors import FrameworkError
from framework.services import Injected, Services

__all__ = ["Signature"]

LONGEST = 150
"""Characters of a key that are kept as they are, to be read by people."""


class Signature:
    """The parameters of a function: those that say what is asked for, and the means to answer."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.name = plain_name_of(function)
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
        self._means: WeakKeyDictionary[Services, dict[type | None, Mapping[str, Any]]] = WeakKeyDictionary()
        self._last: tuple[Callable[[], Services | None], type | None, Mapping[str, Any]] = (lambda: None), None, {}
        """The means that were asked for last: most functions are called in one project, on one class."""
        self._names: dict[type | None, str] = {}
        """What tells it from other functions; of a method, by the class it is called on."""

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
        by_position = dict(zip(self._positional, args, strict=False))
        given = {**self._defaults, **by_position, **kwargs}
        if len(given) != len(self.parameters) or not kwargs.keys().isdisjoint(by_position):
            self._signature.bind(*args, **kwargs)  # says what is missing, unexpected or given twice
        return given

    async def call(self, given: Mapping[str, Any]) -> Any:
        """Call the function with the arguments that `bind` returned."""
        if self._by_name:
            return await self.function(**given)
        bound = inspect.BoundArguments(self._signature, cast("Any", given))
        return await self.function(*bound.args, **bound.kwargs)

    def means(self, services: Services, given: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the parameters that are services, with their types: they say how to answer, not what."""
        owner = self._owner(given)
        whose, of, last = self._last
        if whose() is services and of is owner:
            return last
        by_owner = self._means.setdefault(services, {})
        if (known := by_owner.get(owner)) is not None:
            self._last = ref(services), owner, known
            return known
        hints = self.hints
        found: dict[str, Any] = {
            name: hints[name] for name in given if name in hints and is_service(hints[name], services)
        }
        if self.is_method:
            found[self._positional[0]] = cast("Any", type(given[self._positional[0]]))
        by_owner[owner] = found
        return found

    def key(self, given: Mapping[str, Any], without: Mapping[str, Any], place: str | None = None) -> str:
        """Return the key for the arguments `given`: under the name of the function, or of the place it is called at."""
        # In the order of the parameters, however they were passed.
        asked = {
            name: value if type(value := given[name]) in PLAIN else self._told(name, value)
            for name in self.parameters
            if name in given and name not in without
        }
        try:
            text = to_json(asked).decode() if asked else ""
        except PydanticSerializationError as error:  # text that is none
            raise self._no_key(f"An argument of {self.name} makes no key: {error}") from None
        if len(text) > LONGEST:
            text = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        return f"{place or self._named(given)}:{text}"

    def _named(self, given: Mapping[str, Any]) -> str:
        """Return the name of the function; of a method, with the class it is called on: subclasses answer otherwise."""
        owner = self._owner(given)
        if (known := self._names.get(owner)) is not None:
            return known
        if owner is None:
            name = name_of(self.function)
        else:
            whose = name_of(owner)
            name = self.name if f"{whose}.{self.function.__name__}" == self.name else f"{self.name}({whose})"
        self._names[owner] = name
        return name

    def _owner(self, given: Mapping[str, Any]) -> type | None:
        """Return the class that a method is called on."""
        if not self.is_method:
            return None
        bound = given[self._positional[0]]
        return cast("Any", bound if isinstance(bound, type) else type(bound))

    def _told(self, name: str, value: Any) -> Any:
        try:
            return told(value)
        except NoKey as error:
            raise self._no_key(f"The argument {name!r} of {self.name} {error.of(value)}.") from None

    def _no_key(self, message: str) -> FrameworkError:
        return FrameworkError(
            message,
            hint="Take what tells values apart, such as an id; services are left out where `Inject[...]` marks them.",
            code="cache.key",
        )


def is_service(hint: Any, services: Services) -> bool:
    """Tell whether a parameter is filled with a service."""
    extras = getattr(hint, "__metadata__", ())
    return any(isinstance(extra, Injected) or extra is Injected for extra in extras) or hint in services
