"""Checks of what callers are known by: the keys that sign, the cookie, and where sessions are kept."""

from collections.abc import Iterator

from framework.auth.settings import AuthSettings
from framework.cache import CacheSettings
from framework.checks import Level, Message, check
from framework.errors import ImproperlyConfigured
from framework.project import Project

__all__ = ["cookies_are_safe", "keys_can_sign", "sessions_are_shared"]


@check(tags=("security",))
def keys_can_sign(project: Project) -> Iterator[Message]:
    """Find keys of the settings that cannot be read or used."""
    from framework.auth.signing.keys import SigningKeys

    tokens = project.settings.section(AuthSettings).tokens
    if not tokens.keys and not tokens.former_secrets and tokens.algorithm == "HS256":
        return  # the secret key alone, which has a check of its own
    try:
        _ = SigningKeys.of(project.settings, tokens).all
    except ImproperlyConfigured as error:
        if error.code != "security.secret-key":
            yield Message(Level.ERROR, error.message, hint=error.hint, code=error.code)


@check(tags=("security",), deploy=True)
def cookies_are_safe(project: Project) -> Iterator[Message]:
    """Find a cookie that travels without HTTPS."""
    if project.settings.section(AuthSettings).cookies.secure is False:
        yield Message(
            Level.WARNING,
            "auth.cookies.secure is off: whoever listens to one request by HTTP has the session.",
            hint="Leave it out: outside debug, cookies are secure.",
            code="auth.insecure-cookie",
        )


@check(tags=("security",), deploy=True)
def sessions_are_shared(project: Project) -> Iterator[Message]:
    """Find sessions that each process keeps for itself."""
    store = project.settings.section(AuthSettings).sessions.store
    if store == "cache" and project.settings.section(CacheSettings).url is None:
        yield Message(
            Level.WARNING,
            "auth.sessions.store is 'cache', and the cache is in memory: each process has sessions of its own.",
            hint="Set REDIS_URL, or keep sessions in the database.",
            code="auth.session-store",
        )
