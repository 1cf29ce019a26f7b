"""What the app finds wrong with a project."""

from collections.abc import Iterator

from framework import Project
from framework.checks import Level, Message, check
from framework_audit.settings import AuditSettings


@check(tags=("audit",))
def the_trail_ends_somewhere(project: Project) -> Iterator[Message]:
    """Warn when the audit trail grows for ever."""
    if not project.settings.section(AuditSettings).keep_days:
        yield Message(
            Level.WARNING,
            "The audit trail grows for ever.",
            hint="Set AUDIT__KEEP_DAYS to a number of days.",
            code="audit.keep-days",
        )
