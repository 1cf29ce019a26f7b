"""Who may become a user."""

from typing import Literal

from pydantic import PositiveInt

from framework.auth.settings.part import Part

__all__ = ["RegistrationSettings"]


class RegistrationSettings(Part):
    """Who may become a user, and by what."""

    mode: Literal["closed", "invite", "open"] = "closed"
    """`open` to everybody, to those who got a mail by `Registration.invite`, or to nobody. Having users is no reason to
    let strangers in, so a project says so itself; the template's does."""
    verify_email: bool = True
    """Whether an account comes into being only when its owner follows the link of a mail. Without it anybody can take
    anybody's address, and learns from a conflict which addresses are taken."""
    ttl: PositiveInt = 24 * 3600
    """Seconds that the link of that mail is good for."""
    invite_ttl: PositiveInt = 7 * 24 * 3600
    """Seconds that an invitation is good for."""
