"""What a probe is answered."""

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Check(BaseModel):
    """What one thing said."""

    status: Literal["ok", "degraded", "error"]
    milliseconds: float
    error: str | None = None
    """What went wrong. Only in debug."""


class Report(BaseModel):
    """What everything said that the project stands on."""

    status: Literal["ok", "degraded", "error", "stopping"]
    """`degraded` when requests are answered, but worse than they should be: slower, without a cache."""
    checks: Mapping[str, Check]
