"""What the app can do."""

from datetime import UTC, datetime, timedelta

from framework import service
from framework.db import Page, Repository, Window, col
from framework_audit.models import Entry
from framework_audit.settings import AuditSettings


@service
class AuditTrail:
    """Remembers changes."""

    def __init__(self, settings: AuditSettings, entries: Repository[Entry]) -> None:
        self.settings = settings
        self.entries = entries

    def wants(self, method: str, status: int) -> bool:
        """Tell whether a request is worth remembering: it changes things, and it was not refused."""
        return method in self.settings.methods and status < 400

    async def record(self, method: str, path: str, status: int) -> Entry:
        """Remember one change."""
        return await self.entries.add(Entry(method=method, path=path, status=status))

    async def page(self, window: Window) -> Page[Entry]:
        """Return one page of changes, in the order they happened."""
        return await self.entries.page(window)

    async def prune(self, days: int | None = None) -> int:
        """Forget what is older than `days`, or than the settings say, and return how many entries that were."""
        keep = self.settings.keep_days if days is None else days
        if not keep:
            return 0
        return await self.entries.delete_all(col(Entry.at) < datetime.now(UTC) - timedelta(keep))
