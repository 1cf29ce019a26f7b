"""The app and what it needs."""

from framework import AppConfig


class AuditConfig(AppConfig):
    """An audit trail."""

    name = "framework_audit"
    label = "audit"
    requires = ("db",)
