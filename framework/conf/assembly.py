"""Puts a project's settings together from their sources, before pydantic validates them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, InitSettingsSource, PydanticBaseSettingsSource

from framework.conf.errors import BadValue, clash
from framework.conf.fields import MISSING, annotation_of, names_of
from framework.conf.layers import Path_, Target
from framework.conf.reading import Reading, build
from framework.conf.root import resolve
from framework.conf.section import Section, prefix_of, section_of, target_of_section
from framework.conf.toml import TomlLayer
from framework.conf.variables import DotenvLayer, EnvironmentLayer, SecretsLayer
from framework.errors import ImproperlyConfigured

__all__ = ["clashes", "sources_of", "strangers", "take_sections", "value_of"]


def sources_of(
    settings: type[BaseSettings],
    values: dict[str, Any],
    root: Path,
    environ: Mapping[str, str],
    env_file: Any,
    secrets_dir: Any,
) -> tuple[PydanticBaseSettingsSource, ...]:
    """Return the sources of a settings class, the strongest first, as its `settings_customise_sources` wants them."""
    sources = settings.settings_customise_sources(
        settings,
        init_settings=InitSettingsSource(settings, values, nested_model_default_partial_update=False),
        env_settings=EnvironmentLayer(settings, environ),
        dotenv_settings=DotenvLayer(settings, resolve(root, env_file), environ),
        file_secret_settings=SecretsLayer(settings, resolve(root, secrets_dir)),
    )
    return (*sources, TomlLayer(settings, resolve(root, settings.model_config.get("toml_file"))))


def target_of(name: str, field: FieldInfo) -> Target:
    """Return what the sources are asked for, for a field of the project's settings."""
    variables: dict[str, Path_] = dict.fromkeys(names_of(name, field) - {name.lower()}, ())
    section = section_of(field)
    if section is not None:
        variables.update(target_of_section(name, section).variables)
    return Target(name, annotation_of(field), variables)


def value_of(reading: Reading, name: str, field: FieldInfo) -> Any:
    """Return the value of a field as the sources change it, or `MISSING` where the class's default stands."""
    change = reading.ask(target_of(name, field)).value
    if field.is_required():
        section = section_of(field)
        return build(field.annotation, MISSING, {} if change is MISSING and section else change)
    return build(field.annotation, field.get_default(call_default_factory=True, validated_data={}), change)


def take_sections(settings: type[BaseSettings], values: dict[str, Any]) -> dict[str, Section]:
    """Take the sections that the class doesn't declare out of the keywords `values`, and return them by prefix."""
    taken = {
        name: value
        for name, value in values.items()
        if isinstance(value, Section) and name not in settings.model_fields
    }
    for name, section in taken.items():
        if (prefix := prefix_of(type(section))) != name:
            raise ImproperlyConfigured(
                f"The keyword {name!r} holds {type(section).__name__}, whose prefix is {prefix!r}.",
                hint=f"Write {prefix}={type(section).__name__}(...).",
                code="conf.prefix",
            )
        del values[name]
    return taken


def strangers(settings: type[BaseSettings], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keywords that name no field."""
    fields = set[str]().union(*(names_of(name, field) for name, field in settings.model_fields.items()))
    return {name: value for name, value in values.items() if name.lower() not in fields}


def clashes(reading: Reading) -> list[BadValue]:
    """Return the settings that two variables give differently."""
    return [
        clash(".".join((name, *path)), sources)
        for name, found in reading.found.items()
        for path, sources in found.clashes
    ]
