"""What a project can say about its users' security: one group a file. Loads neither the web nor the database."""

from framework.auth.settings.audit import AuditSettings
from framework.auth.settings.auth import AuthSettings
from framework.auth.settings.passwords import PasswordSettings

__all__ = ["AuditSettings", "AuthSettings", "PasswordSettings"]
