"""What the groups of settings have in common."""

from pydantic import BaseModel, ConfigDict

__all__ = ["Part"]


class Part(BaseModel):
    """A group of settings within the section."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)
