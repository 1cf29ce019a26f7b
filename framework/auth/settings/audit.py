"""What is kept of security events."""

from framework.auth.settings.part import Part

__all__ = ["AuditSettings"]


class AuditSettings(Part):
    """What is kept of security events. They are logged in any case, by `framework.auth.security`."""

    store: bool = True
    """Whether they are written to the table as well."""
