"""Sections that the project doesn't declare."""

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any, cast

from pydantic import BaseModel, ValidationError

from framework.conf.errors import BadValue, bad_values, clash
from framework.conf.fields import MISSING
from framework.conf.origins import Origins
from framework.conf.reading import Reading, build
from framework.conf.section import Section, prefix_of, section_of, sections_of, target_of_section

__all__ = ["bad_sections", "read_section"]


def read_section(
    settings: type[BaseModel], reading: Reading, section: type[Section], prefix: str
) -> tuple[Section | None, list[BadValue]]:
    """Return the section that the sources make, or `None` and what is wrong with it."""
    found = reading.ask(target_of_section(prefix, section))
    problems = [clash(".".join((prefix, *path)), sources) for path, sources in found.clashes]
    change: Any = {} if found.value is MISSING else found.value
    try:
        return section.model_validate(build(section, MISSING, change)), problems
    except ValidationError as error:
        return None, problems + bad_values(error, section, (prefix,), Origins(settings, reading, {prefix: section}))


def bad_sections(settings: type[BaseModel], reading: Reading, entries: object) -> Iterator[BadValue]:
    """Yield what is wrong with the sections of apps, for a project whose own settings are bad already.

    So one message holds all of it. What cannot be imported is left to the registry, which says more about it.
    """
    declared = [section for field in settings.model_fields.values() if (section := section_of(field))]
    several = isinstance(entries, (list, tuple))  # who knows: they are as bad as the rest
    for entry in cast("Iterable[object]", entries) if several else ():
        try:
            found = sections_of(import_module(f"{entry}.settings"))
            prefixes = {prefix_of(section): section for section in found if section not in declared}
        except Exception:  # noqa: S112 - of any kind: this is an app's code
            continue
        for prefix, section in prefixes.items():
            if prefix not in reading.found:
                yield from read_section(settings, reading, section, prefix)[1]
