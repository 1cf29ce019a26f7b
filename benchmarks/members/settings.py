from framework import Settings
from framework.auth import AuthSettings
from framework.db import DatabaseSettings


class MembersSettings(Settings):
    installed_apps: tuple[str, ...] = (
        "framework.log",
        "framework.db",
        "framework.migrations",
        "framework.cache",
        "framework.throttling",
        "framework.mail",
        "framework.users",
        "framework.auth",
        "framework.health",
    )
    database: DatabaseSettings = DatabaseSettings()
    auth: AuthSettings = AuthSettings()
