"""What user code writes on classes and parameters: `@service` and `Inject[T]`. Registers nothing."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

from framework.services.signatures import plain


class Injected:
    """The marker behind `Inject[T]`: the parameter is filled from the scope at hand."""

    def __repr__(self) -> str:
        return "Injected()"


if TYPE_CHECKING:
    type Inject[T] = Annotated[T, Injected()]
else:

    class Inject:
        """`posts: Inject[PostService]` asks the scope at hand for the service of that type."""

        def __class_getitem__(cls, type_):
            return Annotated[type_, Injected()]


def injected(function: Callable[..., Any]) -> dict[str, Any]:
    """Return the parameters of `function` marked `Inject[T]`, each with its `T`. Strings are resolved."""
    hints = get_type_hints(function, include_extras=True)
    hints.pop("return", None)
    return {name: plain(hint) for name, hint in hints.items() if _is_marked(hint)}


def _is_marked(hint: Any) -> bool:
    return any(isinstance(extra, Injected) or extra is Injected for extra in getattr(hint, "__metadata__", ()))


def service[T](cls: type[T]) -> type[T]:
    """Mark a class of `services.py` for discovery. Its subclasses are not marked."""
    setattr(cls, "__service__", True)  # noqa: B010 — an attribute no checker knows
    return cls
