"""Users remembered from one request to the next."""

from pydantic import NonNegativeFloat, PositiveInt

from framework.auth.settings.part import Part

__all__ = ["UserCacheSettings"]


class UserCacheSettings(Part):
    """Users and their permissions remembered in the process, so that a request asks the database nothing for them."""

    seconds: NonNegativeFloat = 0
    """How long a change made by another process may go unseen; 0 reads the user every time. This process's own
    changes, logouts and revocations count at once."""
    size: PositiveInt = 10_000
    """Callers remembered at most; the one that came least recently goes first."""
