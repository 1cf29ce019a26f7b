"""Checks of how callers come to be known: keys that sign, the cookie, where sessions are kept, logins at once."""

from collections.abc import Iterator

from framework.auth.settings import AuthSettings
from framework.cache import CacheSettings
from framework.checks import Level, Message, check
from framework.errors import ImproperlyConfigured
from framework.project import Project
from framework.web import WebSettings

__all__ = ["cookies_are_safe", "keys_can_sign", "logins_leave_places", "sessions_are_shared"]


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


@check(tags=("security",))
def logins_leave_places(project: Project) -> Iterator[Message]:
    """Find settings by which people who log in can take the places of all other requests."""
    waiting = project.settings.section(AuthSettings).passwords.max_waiting
    places = project.settings.section(WebSettings).load.concurrency
    if waiting >= places:
        yield Message(
            Level.WARNING,
            f"auth.passwords.max_waiting is {waiting}, and web.load.concurrency {places}: logins at once may leave no "
            "place to other requests.",
            hint="Let fewer logins wait, half of the places at most.",
            code="auth.max-waiting",
        )
