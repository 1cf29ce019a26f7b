"""What a factory asks for: its parameters by type, with strings, aliases and type arguments resolved."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import get_original_bases
from typing import Annotated, Any, TypeAliasType, TypeVar, get_args, get_origin, get_type_hints

from framework._modules import name_of, where
from framework.errors import ImproperlyConfigured

MISSING: Any = inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a factory: the type it asks for, or the type argument it is filled with.

    A type argument that nobody gave is left as the type variable it stands for.
    """

    name: str
    type: Any
    default: Any
    positional: bool
    is_type_argument: bool = False

    @property
    def required(self) -> bool:
        """Whether the factory cannot be called without it."""
        return self.default is MISSING


def plain(type_: Any) -> Any:
    """Return the type itself, without `Annotated` metadata and behind `type` aliases."""
    while True:
        origin = get_origin(type_)
        if origin is Annotated:
            type_ = type_.__origin__
        elif isinstance(type_, TypeAliasType):
            type_ = type_.__value__
        elif isinstance(origin, TypeAliasType):
            type_ = origin.__value__[get_args(type_)]
        else:
            return type_


def parameters(factory: Callable[..., Any], asked: Any) -> list[Parameter]:
    """Return the parameters that `factory` takes to make `asked`; `*args` and `**kwargs` are left out.

    Raises `ImproperlyConfigured` for a parameter without a type, or with one that has no meaning at run time.
    """
    target, home = _initializer(factory)
    if target is object.__init__:
        return []
    hints = _hints(target, home, factory)
    known = _class_arguments(factory, asked, home) if home else _function_arguments(hints.get("return"), asked)
    found: list[Parameter] = []
    for parameter in _signature(factory):
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        hint = hints.get(parameter.name, parameter.annotation)
        if hint is MISSING and parameter.default is MISSING:
            raise ImproperlyConfigured(
                f"Parameter {parameter.name!r} of {name_of(factory)} ({where(factory)}) has no type.",
                hint="Annotate it with the type of the service it needs, or give it a default.",
                code="services.annotation",
            )
        found.append(_read(parameter, plain(hint), known))
    return found


def _signature(factory: Callable[..., Any]) -> Iterable[inspect.Parameter]:
    try:
        return inspect.signature(factory).parameters.values()
    except ValueError:
        return ()  # written in C without a signature: called with nothing


def _read(parameter: inspect.Parameter, hint: Any, known: Mapping[Any, Any]) -> Parameter:
    positional = parameter.kind is parameter.POSITIONAL_ONLY
    if get_origin(hint) is type and isinstance(get_args(hint)[0], TypeVar):
        argument = _substitute(get_args(hint)[0], known)
        return Parameter(parameter.name, argument, parameter.default, positional, is_type_argument=True)
    return Parameter(parameter.name, plain(_substitute(hint, known)), parameter.default, positional)


def _initializer(factory: Callable[..., Any]) -> tuple[Any, type | None]:
    """Return the function whose annotations count, and for a class the base that wrote it."""
    if isinstance(factory, type):
        home = next(base for base in factory.__mro__ if "__init__" in vars(base))
        return vars(home)["__init__"], home
    if inspect.isroutine(factory):
        return factory, None
    inner = getattr(factory, "func", None)  # functools.partial
    return inner or type(factory).__call__, None


def _hints(target: Any, home: type | None, factory: Callable[..., Any]) -> dict[str, Any]:
    # Strings may name type parameters, which Python 3.12 looks up neither for `__init__` nor for a function.
    owned = (*getattr(home, "__type_params__", ()), *getattr(target, "__type_params__", ()))
    try:
        return get_type_hints(target, localns={parameter.__name__: parameter for parameter in owned})
    except NameError as error:
        raise ImproperlyConfigured(
            f"{name_of(factory)} ({where(factory)}) names {error.name!r}, which its module does not hold at run time.",
            hint=f"Import {error.name!r} outside `if TYPE_CHECKING:`, at the top of the module.",
            code="services.annotation",
        ) from None


def _class_arguments(factory: Any, asked: Any, home: type) -> dict[Any, Any]:
    """Return what the type parameters of `home` stand for when the class `factory` makes `asked`."""
    origin: Any = get_origin(asked)
    own = dict(zip(getattr(factory, "__parameters__", ()), get_args(asked), strict=False))
    if origin is not factory and origin in factory.__mro__:
        wanted = dict(zip(origin.__parameters__, get_args(asked), strict=False))
        own = {inner: wanted[outer] for outer, inner in (_bound(factory, origin) or {}).items() if outer in wanted}
    return {name: _substitute(value, own) for name, value in (_bound(factory, home) or own).items()}


def _bound(type_: Any, home: type) -> dict[Any, Any] | None:
    """Return what the type parameters of `home` stand for in `type_`, or `None` when it is not a base of it."""
    origin = get_origin(type_) or type_
    if not isinstance(origin, type):
        return None  # NamedTuple and the like: a function in the place of a base
    own = dict(zip(getattr(origin, "__parameters__", ()), get_args(type_), strict=False))
    if origin is home:
        return own
    for base in get_original_bases(origin):
        if (found := _bound(_substitute(base, own), home)) is not None:
            return found
    return None


def _function_arguments(returned: Any, asked: Any) -> dict[Any, Any]:
    """Match a function's return annotation, `Repository[M]` or an iterator of it, with what is asked."""
    if get_origin(returned) is None or get_origin(asked) is None:
        return {}
    if get_origin(returned) is get_origin(asked):
        return dict(zip(get_args(returned), get_args(asked), strict=False))
    for inner in get_args(returned):
        if found := _function_arguments(inner, asked):
            return found
    return {}


def _substitute(hint: Any, known: Mapping[Any, Any]) -> Any:
    if isinstance(hint, TypeVar):
        return known.get(hint, hint)
    open_: tuple[Any, ...] = getattr(hint, "__parameters__", ())
    if get_origin(hint) is None or not open_:
        return hint
    return hint[tuple(known.get(parameter, parameter) for parameter in open_)]
