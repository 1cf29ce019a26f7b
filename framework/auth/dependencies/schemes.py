"""How the API description says that callers are known."""

from collections.abc import Mapping
from typing import Any

from framework.auth.settings import AuthSettings
from framework.auth.transport import Transport
from framework.project import Project
from framework.web import WebSettings

__all__ = ["TOKEN_PATH", "security_schemes"]

TOKEN_PATH = "/auth/token"  # noqa: S105 — a path
"""Where the routes of auth take a name and a password for tokens."""


def security_schemes(project: Project) -> Mapping[str, Mapping[str, Any]]:
    """Return the ways in which callers of a project are known, as OpenAPI has them: one of them is enough."""
    settings, web = project.settings.section(AuthSettings), project.settings.section(WebSettings)
    transport = Transport(settings, debug=project.settings.debug)
    mounted = web.mounts.get("auth", web.prefix)
    return {
        "token": token_scheme(transport.scheme, None if mounted is None else mounted + TOKEN_PATH),
        "key": {"type": "apiKey", "in": "header", "name": transport.key_header},
        "session": {"type": "apiKey", "in": "cookie", "name": transport.cookie},
    }


def token_scheme(word: str, path: str | None) -> Mapping[str, Any]:
    """Return the scheme of access tokens: with a password flow where the project has the route for it."""
    if path is not None:
        # The token's `token_type` tells the client which word to put before it.
        return {"type": "oauth2", "flows": {"password": {"tokenUrl": path, "scopes": {}}}}
    if word == "Bearer":
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    return {"type": "apiKey", "in": "header", "name": "Authorization", "description": f"`{word}` and the token"}
