"""What is wrong with a policy, or with a question that it was asked."""

from collections.abc import Iterable

from sqlmodel import SQLModel

from framework.auth.access.policies import CONDITION, Spoken
from framework.errors import FrameworkError
from framework.near import near

__all__ = ["condition_of_class", "only_in_python", "unknown_action", "wrong_answer"]


def unknown_action(action: str, model: type[SQLModel], known: Iterable[str]) -> FrameworkError:
    """Return the error for an action that neither a permission nor a policy knows."""
    return FrameworkError(
        f"Nothing says who may {action!r} a {model.__name__}: no permission of it, and no policy.",
        hint=near(action, known) or f"There are: {', '.join(sorted(known))}.",
        code="auth.unknown-action",
    )


def only_in_python(spoken: Spoken, action: str, model: type[SQLModel]) -> FrameworkError:
    """Return the error for a list that shall be narrowed by a method that answers for one object."""
    return FrameworkError(
        f"{spoken.policy.__name__}.{action} ({spoken.where}) answers for one {model.__name__} at a time, "
        "which narrows no list.",
        hint=f"Write it as a condition: `def {action}{CONDITION}(self, user) -> ColumnElement[bool]`.",
        code="auth.filter",
    )


def condition_of_class(action: str, model: type[SQLModel]) -> FrameworkError:
    """Return the error for a class where a policy answers in SQL for rows."""
    return FrameworkError(
        f"Whether somebody may {action!r} a {model.__name__} depends on its row, and the class was given.",
        hint=f"Ask about an object, or write `async def {action}(self, user, {model.__name__.lower()}) -> bool`.",
        code="auth.policy-answer",
    )


def wrong_answer(spoken: Spoken, answer: object) -> FrameworkError:
    """Return the error for a policy that said neither yes nor no."""
    return FrameworkError(
        f"{spoken.policy.__name__}.{spoken.method} ({spoken.where}) gave {answer!r}; wanted a bool"
        f"{' or a condition' if spoken.is_condition else ''}.",
        hint=None if spoken.is_condition else "A condition in SQL is for a method whose name ends with _where.",
        code="auth.policy-answer",
    )
