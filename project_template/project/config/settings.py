"""The project's settings.

The environment and `.env` change any of them: `DEBUG=1`, `DATABASE_URL=postgresql://…`, `WEB__PREFIX=/v1`.
`python manage.py settings` prints what is in force, and where each value came from.
"""

from framework import Settings
from framework.auth.settings import AuthSettings, RegistrationSettings
from framework.db import DatabaseSettings
from framework.web import WebSettings


class ProjectSettings(Settings):
    """The settings of the project."""

    installed_apps: tuple[str, ...] = (
        "framework.log",
        "framework.db",
        "framework.migrations",
        "framework.cache",
        "framework.throttling",
        "framework.health",
        "framework.mail",
        "framework.users",
        "framework.auth",
    )
    database: DatabaseSettings = DatabaseSettings(url="sqlite:///db.sqlite3")
    web: WebSettings = WebSettings(prefix="/api")
    auth: AuthSettings = AuthSettings(registration=RegistrationSettings(mode="open"))
