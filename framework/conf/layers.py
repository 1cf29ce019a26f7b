"""What a source of settings is: it can be asked for any setting, whether the project declares it or not."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import PydanticBaseSettingsSource

from framework.conf.fields import MISSING, child, field_names, models
from framework.conf.source import Source
from framework.errors import ImproperlyConfigured
from framework.near import near

__all__ = ["Layer", "Path_", "Piece", "Target", "unreadable"]

type Path_ = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    """A setting that sources are asked for: a field of the project's settings, or a section, declared or not."""

    name: str
    annotation: Any
    variables: Mapping[str, Path_] = field(default_factory=dict[str, Path_])
    """Lower-case variables that reach into the setting by another name, as `database_url` does."""

    @property
    def is_section(self) -> bool:
        """Whether the setting is a group of settings."""
        return bool(models(self.annotation))

    def path(self, parts: Path_) -> Path_ | None:
        """Return where below this setting a variable (`database__url`, split) points, or `None` when nowhere."""
        if len(parts) == 1 and parts[0] in self.variables:
            return self.variables[parts[0]]
        if parts[0] != self.name.lower():
            return None
        path: list[str] = []
        annotation = self.annotation
        for part in parts[1:]:
            found = child(annotation, part)
            if found is None:
                return None
            key, annotation = found
            path.append(key)
        return tuple(path)

    def annotation_at(self, path: Path_) -> Any:
        """Return the type of what `path` leads to."""
        annotation = self.annotation
        for part in path:
            found = child(annotation, part)
            annotation = found[1] if found else Any
        return annotation

    def near(self, parts: Path_, start: str = "") -> str | None:
        """Return the question after the setting that `parts`, which lead nowhere, were meant for."""
        known = next(length for length in range(len(parts) - 1, 0, -1) if self.path(parts[:length]) is not None)
        fields = field_names(self.annotation_at(self.path(parts[:known]) or ()))
        full = start + "__".join((*parts[:known], "{}", *parts[known + 1 :])).upper()
        return near(parts[known].upper(), [name.upper() for name in fields], full)


@dataclass(slots=True)
class Piece:
    """What one source says of one setting."""

    value: Any = field(default=MISSING, repr=False)
    origins: dict[Path_, Source] = field(default_factory=dict[Path_, Source])
    texts: dict[Path_, list[tuple[Source, str]]] = field(
        default_factory=dict[Path_, list[tuple[Source, str]]], repr=False
    )
    """The variables behind each value and their texts: more than one when a setting has two names."""


class Layer(PydanticBaseSettingsSource):
    """A source that can be asked for any setting, whether the project declares it or not."""

    def read(self, target: Target) -> Piece:
        """Return what this source says of `target`."""
        raise NotImplementedError

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return what this source says of a declared field, as pydantic-settings asks for it."""
        value = self.read(Target(field_name, field.annotation)).value
        return (None if value is MISSING else value), field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return what this source says of all declared fields."""
        found = {name: self.get_field_value(field, name)[0] for name, field in self.settings_cls.model_fields.items()}
        return {name: value for name, value in found.items() if value is not None}


def unreadable(path: Path, error: Exception) -> ImproperlyConfigured:
    """Return the error for a file that is there and cannot be read."""
    reason = getattr(error, "strerror", None) or str(error)
    return ImproperlyConfigured(f"{path} cannot be read: {reason}.".replace("..", "."), code="conf.file")
