"""What the shell has at hand: the models and services of a project, by name."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, Self

from framework._modules import defined_in
from framework.project import Project


@dataclass(frozen=True, slots=True)
class Namespace:
    """Classes by name. Of two with one name the later app's stands."""

    objects: dict[str, type] = field(default_factory=dict[str, type])

    @classmethod
    def of(cls, project: Project) -> Self:
        """Return every model of the project's apps, and every class that its services provide."""
        found: dict[str, type] = {}
        for _, module in project.apps.modules("models"):
            found |= {value.__name__: value for value in _classes(module)}
        for type_ in project.services:
            if isinstance(type_, type):
                found[type_.__name__] = type_
        return cls(found)

    def lines(self) -> list[str]:
        """Return the import statements that would give the same."""
        modules: dict[str, list[str]] = {}
        for name, value in self.objects.items():
            modules.setdefault(value.__module__, []).append(name)
        return [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(modules.items())]


def _classes(module: ModuleType) -> Iterator[type]:
    for value in dict[str, Any](vars(module)).values():
        if isinstance(value, type) and defined_in(value, module) and not value.__name__.startswith("_"):
            yield value
