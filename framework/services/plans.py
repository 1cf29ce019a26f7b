"""In which order the factories behind a type are called, worked out once from their annotations."""

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from types import NoneType, UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from framework._modules import name_of, where
from framework.errors import ImproperlyConfigured, ServiceNotFound
from framework.services.signatures import Parameter, parameters


@dataclass(frozen=True, slots=True)
class Provider:
    """What stands behind a type: a factory, or a value when there is none."""

    factory: Callable[..., Any] | None = None
    value: Any = None


BY_SCOPE = Provider()
"""Stands behind what every scope holds from its start: itself."""


@dataclass(frozen=True, slots=True)
class Step:
    """One call that builds one service from those built before it."""

    key: Any
    call: Callable[..., Any]
    needs: tuple[tuple[str, Any], ...] = ()
    """Each parameter with the service for it."""
    constants: Mapping[str, Any] = field(default_factory=dict[str, Any])
    """What else it is called with: project-wide values, type arguments, defaults that stand before others."""
    immediate: bool = False
    """Whether the call alone makes the service: nothing to await, nothing to enter."""


class Planner:
    """Reads the annotations of factories and orders their calls: what is needed comes first."""

    def __init__(
        self, find: Callable[[Any], Provider | None], known: Mapping[Any, tuple[Step, ...]], names: Iterable[Any]
    ) -> None:
        self._find = find
        self._known = known
        self._names = names
        self._steps: dict[Any, Step] = {}
        self._path: list[Any] = []

    def plan(self, key: Any) -> Iterator[Step]:
        """Yield the calls that build `key`, in order."""
        self._visit(key)
        yield from self._steps.values()

    def _visit(self, key: Any, parameter: str = "", factory: Any = None) -> None:
        if key in self._steps:
            return
        if (known := self._known.get(key)) is not None:
            self._steps.update((step.key, step) for step in known)
        elif key in self._path:
            path = self._path[self._path.index(key) :]
            start = min(range(len(path)), key=lambda index: name_of(path[index]))  # one cycle reads the same from all
            raise cycle([*path[start:], *path[:start], path[start]])
        elif (provider := self._find(key)) is None:
            asker = (
                f", which parameter {parameter!r} of {name_of(factory)} ({where(factory)}) asks for" if factory else ""
            )
            raise _missing(key, asker, self._names)
        elif provider is not BY_SCOPE:
            self._path.append(key)
            self._steps[key] = self._step(key, provider)
            self._path.pop()

    def _step(self, key: Any, provider: Provider) -> Step:
        factory = provider.factory
        if factory is None:
            return Step(key, lambda: provider.value, immediate=True)
        needs: list[tuple[str, Any]] = []
        constants: dict[str, Any] = {}
        asked = parameters(factory, key)
        for parameter in asked:
            need = self._need(parameter)
            if need is not None and (value := self._find(need)) and not value.factory and value is not BY_SCOPE:
                constants[parameter.name] = value.value
            elif need is not None:
                self._visit(need, parameter.name, factory)
                needs.append((parameter.name, need))
            elif parameter.is_type_argument and not isinstance(parameter.type, TypeVar):
                constants[parameter.name] = parameter.type
            elif parameter.is_type_argument and parameter.required:
                raise _unbound(parameter, factory)
            elif parameter.required:
                constants[parameter.name] = None
            elif parameter.positional:
                constants[parameter.name] = parameter.default
        call = _entered_call(factory)
        if positional := [parameter.name for parameter in asked if parameter.positional]:
            call = _positional_call(call, positional)
        return Step(key, call, tuple(needs), constants, _is_immediate(factory))

    def _need(self, parameter: Parameter) -> Any:
        """Return the service to fill a parameter with, or `None` when it is left to a type argument or default."""
        if parameter.is_type_argument:
            return None
        arms = [arm for arm in _arms(parameter.type) if arm is not NoneType]
        optional = len(arms) < len(_arms(parameter.type))
        for arm in arms if optional else [parameter.type]:
            if self._find(arm) is not None:
                return arm
        return parameter.type if parameter.required and not optional else None


def _arms(type_: Any) -> tuple[Any, ...]:
    return get_args(type_) if get_origin(type_) in (Union, UnionType) else (type_,)


def _is_immediate(factory: Callable[..., Any]) -> bool:
    waits = ("__aenter__", "__enter__", "__await__")
    return isinstance(factory, type) and not any(hasattr(factory, name) for name in waits)


def _entered_call(factory: Callable[..., Any]) -> Callable[..., Any]:
    if inspect.isasyncgenfunction(factory):
        return asynccontextmanager(factory)
    return contextmanager(factory) if inspect.isgeneratorfunction(factory) else factory


def _positional_call(call: Callable[..., Any], names: list[str]) -> Callable[..., Any]:
    def called(**given: Any) -> Any:
        return call(*[given.pop(name) for name in names], **given)

    return called


def _missing(key: Any, asker: str, names: Iterable[Any]) -> ServiceNotFound:
    known = [name for name in names if isinstance(name, type)]
    short = getattr(key, "__name__", repr(key))
    kinds = [name for name in known if isinstance(key, type) and key in name.__mro__]
    named = get_close_matches(short, [name.__name__ for name in known], n=1, cutoff=0.8)
    if kinds:
        hint = f"{name_of(kinds[0])} is one: say so with `services.provide({short}, {kinds[0].__name__})`."
    elif named:
        hint = f"Did you mean {name_of(next(name for name in known if name.__name__ == named[0]))}?"
    else:
        hint = (
            "Put the app that provides it in installed_apps, mark its class with @service in services.py, "
            "or give it to project.services in AppConfig.ready()."
        )
    return ServiceNotFound(f"Nothing provides {name_of(key)}{asker}.", hint=hint)


def _unbound(parameter: Parameter, factory: Callable[..., Any]) -> ImproperlyConfigured:
    name = getattr(factory, "__name__", "the generic")
    return ImproperlyConfigured(
        f"Parameter {parameter.name!r} of {name_of(factory)} ({where(factory)}) takes a type argument, and got none.",
        hint=f"Ask for {name}[...] with the type in the brackets.",
        code="services.type-argument",
    )


def cycle(path: list[Any]) -> ImproperlyConfigured:
    """Return the error for services that need each other, in the order of `path`."""
    return ImproperlyConfigured(
        f"Services need each other in a circle: {' -> '.join(name_of(key) for key in path)}.",
        hint="Move what both need into a third one, or take `scope: Scope` and `await scope.get(...)` when it is used.",
        code="services.cycle",
    )
