"""The policies of a project: found in the `policies.py` of its apps, one for a model."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from framework.auth.access.policy import Policy
from framework.errors import ImproperlyConfigured
from framework.project import Project

__all__ = ["Policies", "Spoken"]

CONDITION = "_where"
"""What the name of a method ends with that answers for a whole list."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a policy says of one action."""

    policy: type[Policy[Any]]
    method: str
    """The name of the method that answers."""

    @property
    def is_condition(self) -> bool:
        """Whether it answers in SQL, for a whole list."""
        return self.method.endswith(CONDITION)

    @property
    def where(self) -> str:
        """`file:line` of the method."""
        return place_of(getattr(self.policy, self.method))


class Policies:
    """What the apps of one project say of single objects."""

    def __init__(self, project: Project) -> None:
        self._by_model: dict[type[Any], type[Policy[Any]]] = {}
        self._spoken: dict[type[Any], dict[str, Spoken]] = {}
        for _, module in project.apps.modules("policies"):
            for policy in policies_in(module):
                self._add(policy)

    def __iter__(self) -> Iterator[type[Policy[Any]]]:
        return iter(self._by_model.values())

    def actions(self, model: type[Any]) -> dict[str, Spoken]:
        """Return what the policy of a model says, by action; nothing when it has none."""
        return self._spoken.get(model, {})

    def _add(self, policy: type[Policy[Any]]) -> None:
        if policy.model is None:
            raise ImproperlyConfigured(
                f"{policy.__name__} ({place_of(policy)}) is a policy of no model.",
                hint=f"Write `class {policy.__name__}(Policy[Post])`, with the model that it is for.",
                code="auth.policy",
            )
        if (other := self._by_model.setdefault(policy.model, policy)) is not policy:
            raise ImproperlyConfigured(
                f"{policy.model.__name__} has two policies: {other.__name__} ({place_of(other)}) "
                f"and {policy.__name__} ({place_of(policy)}).",
                hint="Keep one of them: a model has one policy, which may be of another app.",
                code="auth.policy",
            )
        self._spoken[policy.model] = spoken_by(policy)


def policies_in(module: ModuleType) -> Iterator[type[Policy[Any]]]:
    """Yield the policies written in a module or below it; one that is generic itself is only for others to build on."""
    for value in list(vars(module).values()):
        if isinstance(value, type) and issubclass(value, Policy) and not value.__type_params__:
            home = value.__module__
            if home == module.__name__ or home.startswith(f"{module.__name__}."):
                yield value


def spoken_by(policy: type[Policy[Any]]) -> dict[str, Spoken]:
    """Return what a policy says, by action. Raises when it answers for one action twice."""
    found: dict[str, Spoken] = {}
    for name in dir(policy):
        if name.startswith("_") or hasattr(Policy, name) or not inspect.isfunction(getattr(policy, name)):
            continue
        spoken = Spoken(policy, name)
        action = name.removesuffix(CONDITION)
        if (other := found.setdefault(action, spoken)) is not spoken:
            raise ImproperlyConfigured(
                f"{policy.__name__} answers for {action!r} twice: {other.method} ({other.where}) "
                f"and {name} ({spoken.where}).",
                hint=f"Keep {action}{CONDITION}: `require` asks it too, so a list and one object never disagree.",
                code="auth.policy",
            )
    return found


def place_of(value: Callable[..., Any]) -> str:
    """Return `file:line` of a class or method."""
    try:
        return f"{inspect.getsourcefile(value)}:{inspect.getsourcelines(value)[1]}"
    except (OSError, TypeError):
        return value.__module__
