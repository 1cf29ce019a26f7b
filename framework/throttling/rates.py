"""Rates as people write them: `10/minute`, `100 per 2 hours`, several with a semicolon between."""

import re
from dataclasses import dataclass
from functools import lru_cache

from framework.errors import ImproperlyConfigured

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "s": 1, "min": 60, "m": 60, "h": 3600, "d": 86400}
_FORM = re.compile(
    r"(?P<limit>[1-9]\d{0,8})\s*(?:/|\s+per\s+)\s*(?P<many>[1-9]\d{0,4})?\s*(?P<unit>[a-z]+?)s?", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Rate:
    """How many times within how many seconds."""

    limit: int
    seconds: int

    def __str__(self) -> str:
        unit = next(name for name in ("day", "hour", "minute", "second") if self.seconds % _SECONDS[name] == 0)
        many = self.seconds // _SECONDS[unit]
        return f"{self.limit}/{unit}" if many == 1 else f"{self.limit}/{many} {unit}s"


@lru_cache(maxsize=256)
def rates_of(text: str) -> tuple[Rate, ...]:
    """Return the rates that `text` names, the shortest window first.

    Raises `ImproperlyConfigured` for what is none.
    """
    found = [_rate(part.strip(), text) for part in re.split("[;,]", text)]
    return tuple(sorted(found, key=lambda rate: rate.seconds))


def _rate(part: str, text: str) -> Rate:
    match = _FORM.fullmatch(part)
    seconds = _SECONDS.get(match["unit"].lower()) if match else None
    if match is None or seconds is None:
        raise ImproperlyConfigured(
            f"{text!r} is no rate.",
            hint="Write '10/minute', '5/10 seconds', '10/minute; 100/hour'. Units: second, minute, hour, day.",
            code="throttling.rate",
        )
    return Rate(int(match["limit"]), seconds * int(match["many"] or 1))
