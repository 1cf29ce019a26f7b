"""What a project can provide, by type."""

import inspect
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any, cast, get_origin, overload

from typing_extensions import TypeForm

from framework._modules import name_of, where
from framework.conf import Section, Settings
from framework.errors import FrameworkError, ImproperlyConfigured
from framework.services.plans import BY_SCOPE, Planner, Provider, Step
from framework.services.scope import Scope
from framework.services.signatures import plain

_UNSET: Any = object()


class Services:
    """What a project can provide: its settings, values, and factories that build once per scope."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._providers: dict[Any, Provider] = {}
        self._overrides: dict[Any, Provider] = {}
        self._plans: dict[Any, tuple[Step, ...]] = {}
        self._settings = settings
        for class_ in type(settings).__mro__ if settings else ():
            if issubclass(class_, Settings):
                self._providers[class_] = Provider(None, settings)

    # A generic without type arguments is no `TypeForm` that pyright knows entirely, but a class.
    @overload
    def provide(self, type_: type[Any], factory: Callable[..., Any] | None = None) -> None: ...
    @overload
    def provide(self, type_: TypeForm[Any], factory: Callable[..., Any] | None = None) -> None: ...
    def provide(self, type_: Any, factory: Callable[..., Any] | None = None) -> None:
        """Provide `type_`, built once per scope by `factory`, or by the class itself.

        The factory is a class, a function, a coroutine function, a generator function or an async one; its annotated
        parameters are services too, and `type[M]` is filled with the type argument that was asked for. What it makes
        is entered and left with the scope when it is a context manager. A later call replaces an earlier one.
        """
        key = plain(type_)
        self._providers[key] = Provider(_checked(key, factory))
        self._plans.clear()

    def value[T](self, type_: TypeForm[T], instance: T) -> None:
        """Provide one `instance` for the whole project. It is never entered or closed here."""
        key = plain(type_)
        if isinstance(instance, type) and isinstance(key, type) and not issubclass(key, type):
            raise _unfinished(key, instance)
        self._providers[key] = Provider(None, instance)
        self._plans.clear()

    @contextmanager
    def override[T](
        self, type_: TypeForm[T], instance: T = _UNSET, *, factory: Callable[..., Any] | None = None
    ) -> Generator[None]:
        """Put `instance`, or what `factory` builds, in the place of `type_` until the block ends.

        Wins over everything provided before or within the block. A scope keeps what it built before.
        """
        key = plain(type_)
        before = self._overrides.get(key)
        self._overrides[key] = Provider(_checked(key, factory)) if instance is _UNSET else Provider(None, instance)
        self._plans.clear()
        try:
            yield
        finally:
            del self._overrides[key]
            if before is not None:
                self._overrides[key] = before
            self._plans.clear()

    def scope(self) -> Scope:
        """Return a new unit of work, to be entered with `async with`: a request, a task or a command."""
        return Scope(self._plan, self)

    def find_value[T](self, type_: TypeForm[T]) -> T | None:
        """Return the object that stands for `type_` in the whole project; `None` when there is none, or one a scope."""
        key = type_ if isinstance(type_, type) else plain(type_)
        provider = self._overrides.get(key) or self._providers.get(key) or self._find(key)
        return provider.value if provider is not None and provider.factory is None else None

    def __contains__(self, type_: object) -> bool:
        """Tell whether something provides `type_`; what that needs in turn is not looked at."""
        return self._find(plain(type_)) is not None

    def __iter__(self) -> Iterator[Any]:
        """Yield every type that is provided, in the order it was."""
        return iter(list(self._providers))

    def problems(self) -> Iterator[FrameworkError]:
        """Yield what keeps the provided services from being built: a missing one, a cycle, an unreadable type."""
        seen: set[str] = set()
        for key in [*self._providers, *self._overrides]:
            error = None if _is_open(key) else self.problem(key)
            if error is not None and error.message not in seen:
                seen.add(error.message)
                yield error

    def problem(self, type_: Any) -> FrameworkError | None:
        """Return what keeps `type_` from being built, or `None`."""
        try:
            self._plan(plain(type_))
        except FrameworkError as error:
            return error
        return None

    def _find(self, key: Any) -> Provider | None:
        """Return the provider of exactly `key`, else of the generic it is made from, else the section it names."""
        for known in (self._overrides, self._providers):
            for name in (key, get_origin(key)):
                if name is not None and name in known:
                    return known[name]
        if key is Scope:
            return BY_SCOPE
        if self._settings and isinstance(key, type) and issubclass(key, Section):
            return Provider(None, self._settings.section(key))
        return None

    def _plan(self, type_: Any) -> tuple[Step, ...]:
        """Return the calls that build `type_`, in order; read once from the annotations and kept."""
        if (plan := self._plans.get(type_)) is None:
            plan = self._plans[type_] = tuple(Planner(self._find, self._plans, self._providers).plan(plain(type_)))
        return plan


def _is_open(key: Any) -> bool:
    """Tell whether a key is a generic class without its type arguments, which nobody can build as it stands."""
    return isinstance(key, type) and bool(getattr(key, "__parameters__", ()))


def _checked(key: Any, factory: Callable[..., Any] | None) -> Callable[..., Any]:
    """Return a factory that can be called, or say what is wrong with it where it is registered."""
    made: Any = (get_origin(key) or key) if factory is None else factory
    if not callable(made):
        raise ImproperlyConfigured(
            f"{made!r} cannot build {name_of(key)}: it is no class and no function.",
            hint="Give a finished object to `value(type, instance)`, and to `provide()` what makes one.",
            code="services.factory",
        )
    if isinstance(made, type):
        if inspect.isabstract(made) or getattr(made, "_is_protocol", False):
            raise ImproperlyConfigured(
                f"{name_of(made)} ({where(made)}) is abstract and cannot be built.",
                hint=f"Say what builds it: `services.provide({made.__name__}, factory)`.",
                code="services.factory",
            )
    elif not inspect.isroutine(made) and not hasattr(made, "func"):
        made = made.__call__
    return cast("Callable[..., Any]", made)


def _unfinished(key: Any, class_: Any) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"The class {name_of(class_)} ({where(class_)}) is no instance of {name_of(key)}.",
        hint=f"Give `value()` a finished object, or write `provide({key.__name__}, {class_.__name__})`.",
        code="services.factory",
    )
