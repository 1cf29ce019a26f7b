"""What a project can say about its audit trail."""

from typing import ClassVar

from pydantic import Field

from framework import Section


class AuditSettings(Section):
    """The audit trail; `AUDIT__KEEP_DAYS=30` in the environment."""

    prefix: ClassVar[str] = "audit"

    keep_days: int = Field(default=365, ge=0)
    """Days after which `prune-audit` forgets an entry; 0 keeps them for ever."""
    methods: tuple[str, ...] = ("POST", "PUT", "PATCH", "DELETE")
    """The methods of requests that are remembered."""
