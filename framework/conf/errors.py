"""Every bad value in one message: the setting, what was found, what was wanted, and where it came from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from framework.conf.fields import child, field_names, is_secret
from framework.conf.origins import Origins
from framework.conf.redaction import HIDDEN, redacted
from framework.conf.source import Source
from framework.errors import ImproperlyConfigured
from framework.near import near

__all__ = ["BadValue", "bad_values", "clash", "invalid"]


@dataclass(frozen=True, slots=True)
class BadValue:
    """One setting that cannot be used as it is."""

    setting: str
    text: str

    def __str__(self) -> str:
        return f"{self.setting}: {self.text}"


def invalid(problems: Iterable[BadValue]) -> ImproperlyConfigured:
    """Return the one error for all `problems`."""
    lines = [str(problem) for problem in problems]
    head = "1 setting cannot be used" if len(lines) == 1 else f"{len(lines)} settings cannot be used"
    return ImproperlyConfigured("\n  ".join([f"{head}:", *lines]), code="conf.invalid")


def bad_values(
    error: ValidationError, model: type[BaseModel], prefix: tuple[str, ...], origins: Origins
) -> list[BadValue]:
    """Return pydantic's findings, one for each setting, with what the members of a union want joined."""
    found: dict[tuple[str, ...], list[str]] = {}
    texts: dict[tuple[str, ...], tuple[str, str]] = {}
    for detail in error.errors(include_url=False, include_context=False):
        path, secret = locate(model, detail["loc"])
        if detail["type"] == "extra_forbidden":
            path = (*path, str(detail["loc"][-1]))
        full = (*prefix, *path)
        wanted = found.setdefault(full, [])
        texts.setdefault(full, ("", ""))
        if detail["type"] == "missing":
            wanted.append(f"found nothing; wanted a value in {origins.variable(full)}")
            continue
        texts[full] = (shown(path, detail["input"], secret), f"from {origins.source(full)}" if full else "")
        if detail["type"] == "extra_forbidden":
            texts[full] = ("", texts[full][1])
            wanted.append(no_such_setting(model, path))
        else:
            wanted.append(wanted_text(detail["msg"]))
    return [
        BadValue(".".join(path) or model.__name__, "; ".join(filter(None, (text, joined(all_), origin))))
        for path, all_ in found.items()
        for text, origin in [texts[path]]
    ]


def joined(wanted: list[str]) -> str:
    """Return several wishes as one: `wanted a or b`."""
    first, *rest = dict.fromkeys(wanted)
    return " or ".join((first, *(text.removeprefix("wanted ") for text in rest)))


def shown(path: tuple[str, ...], value: object, secret: bool) -> str:
    """Return what was found. A whole model is left out: its parts may be secrets that nothing tells yet."""
    if isinstance(value, (Mapping, BaseModel)):
        return ""
    return f"found {HIDDEN if secret and value else redacted(path[-1] if path else '', value)}"


def no_such_setting(model: type[BaseModel], path: tuple[str, ...]) -> str:
    """Return what to say of a keyword, or a key of TOML or JSON, that names nothing."""
    annotation: Any = model
    for part in path[:-1]:
        step = child(annotation, part)
        annotation = step[1] if step else Any
    hint = near(path[-1], field_names(annotation), "{}") if path else None
    return f"there is no such setting. {hint}" if hint else "there is no such setting"


def locate(model: type[BaseModel], loc: tuple[int | str, ...]) -> tuple[tuple[str, ...], bool]:
    """Return the path of a setting, without pydantic's names for members of unions, and whether it's secret."""
    path: list[str] = []
    annotation: Any = model
    for part in loc:
        step = (str(part), Any) if isinstance(part, int) else child(annotation, part)
        if step is None:
            break
        path.append(step[0])
        annotation = step[1]
    return tuple(path), is_secret(annotation)


def wanted_text(message: str) -> str:
    """Return pydantic's message in our words."""
    for start in ("Value error, ", "Assertion failed, "):
        if message.startswith(start):
            return message.removeprefix(start)
    if message.startswith("Input should be "):
        rest = message.removeprefix("Input should be ").partition(", unable")[0]
        rest = rest if rest.startswith(("a ", "an ", "'")) else f"a value {rest}"
        return "wanted " + {"a valid tuple": "a list", "a valid list": "a list"}.get(rest, rest)
    return f"wanted: {message[:1].lower()}{message[1:]}"


def clash(setting: str, sources: list[Source]) -> BadValue:
    """Return the finding for two variables that set one setting to different values."""
    return BadValue(setting, f"found different values from {' and '.join(map(str, sources))}; wanted one")
