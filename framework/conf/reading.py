"""What all sources of a project say together."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from pydantic import BaseModel, ValidationError
from pydantic_settings import InitSettingsSource, PydanticBaseSettingsSource

from framework.conf.fields import MISSING, leaves, merge, model_of
from framework.conf.layers import Layer, Path_, Target
from framework.conf.source import Source
from framework.conf.toml import TomlLayer
from framework.conf.variables import DotenvLayer, VariableLayer
from framework.near import near

__all__ = ["Found", "Reading", "UnknownVariable", "build"]


@dataclass(slots=True)
class Found:
    """What the sources say of one setting, with the origin of every value."""

    value: Any = field(default=MISSING, repr=False)
    origins: dict[Path_, Source] = field(default_factory=dict[Path_, Source])
    clashes: list[tuple[Path_, list[Source]]] = field(default_factory=list[tuple[Path_, list[Source]]])
    """Values that two variables with different names give differently."""

    def source(self, path: Path_) -> Source | None:
        """Return where the value at `path` came from: the value itself, what holds it, or the last of its parts."""
        for length in range(len(path), -1, -1):
            if origin := self.origins.get(path[:length]):
                return origin
        inside = [origin for leaf, origin in self.origins.items() if leaf[: len(path)] == path]
        return inside[-1] if inside else None


@dataclass(frozen=True, slots=True)
class UnknownVariable:
    """A variable that looks like a setting, and that nothing reads."""

    text: str
    """What was found, and where."""
    hint: str | None
    """The near match."""
    source: Source
    """The variable."""


class Reading:
    """The sources of one project, the strongest first, and what was asked of them."""

    def __init__(self, sources: Iterable[PydanticBaseSettingsSource], keyword: Source) -> None:
        self.targets: dict[str, Target] = {}
        self.found: dict[str, Found] = {}
        self.keyword = keyword
        # A source that only pydantic-settings knows is asked once, for everything.
        self._sources = [(source, {} if isinstance(source, Layer) else source()) for source in sources]

    def ask(self, target: Target) -> Found:
        """Return what the sources say of `target`: a stronger one wins, value by value."""
        found = Found()
        texts: dict[Path_, list[tuple[Source, str]]] = {}
        for source, data in reversed(self._sources):
            if isinstance(source, Layer):
                piece = source.read(target)
                value, origins = piece.value, piece.origins
                for path, variables in piece.texts.items():
                    texts.setdefault(path, []).extend(variables)
            else:
                value = foreign_value(data, target)
                origins = self._foreign_origins(source, value)
            if value is not MISSING:
                found.value = merge(found.value, value)
                found.origins = {**found.origins, **origins} if isinstance(value, dict) else origins
        found.clashes = list(clashes(texts))
        self.targets[target.name] = target
        self.found[target.name] = found
        return found

    def source(self, path: Path_) -> Source | None:
        """Return where the value at `path` came from, or `None` when only the code says it."""
        found = self.found.get(path[0]) if path else None
        return found.source(path[1:]) if found else None

    def unknown(self) -> Iterator[UnknownVariable]:
        """Yield the variables and the TOML keys that nothing reads and that look like settings."""
        for source, _ in self._sources:
            if isinstance(source, VariableLayer):
                for target in self.targets.values():
                    for parts, variable in source.unknown(target) if target.is_section else ():
                        text = f"{variable.source} is not read: {target.name!r} has no such setting."
                        start = variable.name[: -len("__".join(parts))]
                        yield UnknownVariable(text, target.near(parts, start), variable.source)
                # Nobody else writes into the project's `.env`; the environment is full of other programs' names.
                for variable, meant in (
                    source.misspelt(self.targets.values()) if isinstance(source, DotenvLayer) else ()
                ):
                    text = f"{variable.source} is not read: there is no such setting."
                    yield UnknownVariable(text, f"Did you mean {meant}?", variable.source)
            elif isinstance(source, TomlLayer):
                for key in source.unknown(self.targets):
                    hint = near(key.name, self.targets, "{}")
                    yield UnknownVariable(f"{key} is not read: nothing has a setting of this name.", hint, key)

    def _foreign_origins(self, source: PydanticBaseSettingsSource, value: Any) -> dict[Path_, Source]:
        if value is MISSING:
            return {}
        from_code = type(source) is InitSettingsSource
        origin = self.keyword if from_code else Source("other", type(source).__name__)
        if isinstance(value, BaseModel):
            return {(name,): origin for name in value.model_fields_set}
        return dict.fromkeys(leaves(value), origin)


def foreign_value(data: Mapping[str, Any], target: Target) -> Any:
    """Return what a source that only pydantic-settings knows says of `target`."""
    aliases = {name for name, path in target.variables.items() if not path}
    found = [value for name, value in data.items() if name == target.name or name.lower() in aliases]
    return found[0] if found else MISSING


def clashes(texts: Mapping[Path_, list[tuple[Source, str]]]) -> Iterator[tuple[Path_, list[Source]]]:
    """Yield the paths that variables of different names set to different texts, with the strongest of each name."""
    for path, variables in texts.items():
        named = {source.name.lower(): (source, text) for source, text in variables}
        if len({text for _, text in named.values()}) > 1:
            yield path, [source for source, _ in named.values()]


def build(annotation: Any, standing: Any, change: Any) -> Any:
    """Return the model that `change` makes of the one that stands, or the bare values where pydantic must refuse them.

    A variable changes one field and leaves the others standing.
    """
    if not isinstance(change, dict):
        return change
    model = type(standing) if isinstance(standing, BaseModel) else model_of(annotation)
    values: Any = merge(standing, change, model)
    if model is None:
        return values
    try:
        return model.model_validate(values)
    except ValidationError:
        # Where the default is one member of a union, the sources may mean another.
        return values if model_of(annotation) else cast("Any", change)
