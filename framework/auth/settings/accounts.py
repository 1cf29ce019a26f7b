"""What users do with their own account."""

from pydantic import PositiveInt

from framework.auth.settings.part import Part

__all__ = ["AccountSettings"]


class AccountSettings(Part):
    """Links by which users help themselves. Times are in seconds."""

    reset_ttl: PositiveInt = 3600
    """How long the link for a new password is good. Mails are refused to an address that got several within the hour,
    so with an hour there always is a good one among them."""
    verify_ttl: PositiveInt = 24 * 3600
    """How long the link that confirms an address is good."""
