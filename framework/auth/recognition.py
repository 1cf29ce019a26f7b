"""What a project needs to know its callers, put together from its settings: made once, and shared by all requests."""

from typing import TYPE_CHECKING

from framework.auth.csrf import Csrf, CsrfTokens
from framework.auth.lookups import Lookups
from framework.auth.permission_cache import PermissionCache
from framework.auth.settings import AuthSettings
from framework.auth.signing.access import AccessTokens
from framework.auth.signing.keys import SigningKeys
from framework.auth.transport import Transport
from framework.auth.user_cache import UserCache
from framework.auth.uses import Uses
from framework.db import Database
from framework.users import UserBase
from framework.web import WebSettings

if TYPE_CHECKING:
    from framework.project import Project

__all__ = ["Recognition"]


class Recognition:
    """Provides `SigningKeys`, `AccessTokens` and what else stands between a request's headers and its user."""

    def __init__(self, project: "Project", model: type[UserBase]) -> None:
        self._project = project
        self._settings = settings = project.settings.section(AuthSettings)
        self.keys = SigningKeys.of(project.settings, settings.tokens)
        self.remembered = UserCache(settings.user_cache, model)
        self.permissions = PermissionCache(settings.user_cache)
        self.uses = Uses(project)
        services = project.services
        services.value(SigningKeys, self.keys)
        services.value(AccessTokens, AccessTokens(self.keys, settings.tokens))
        services.value(UserCache, self.remembered)
        services.value(PermissionCache, self.permissions)
        services.value(Uses, self.uses)
        services.value(Lookups, Lookups(model))
        services.value(Transport, Transport(settings, debug=project.settings.debug))
        # Who may read answers with the user's cookie is trusted with asking, too.
        cors = project.settings.section(WebSettings).cors
        tokens = CsrfTokens(project.settings.require_secret_key)
        services.value(Csrf, Csrf(settings.csrf, tokens, cors.origins if cors.credentials else ()))

    async def start(self) -> None:
        """Read the keys of the settings, so that a bad one is told now; and watch what is committed."""
        if self._settings.tokens.keys:
            _ = self.keys.all
        async with self._project.scope() as scope:
            database = await scope.get(Database)
            self.remembered.watch(database)
            self.permissions.watch(database)

    async def stop(self) -> None:
        """Write down what waits to be."""
        await self.uses.settled()
