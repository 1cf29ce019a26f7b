"""A project that serves the cached list, with the batteries of a small service."""

from framework import Project, Settings
from framework.web import create_app

BATTERIES = ("framework.log", "framework.db", "framework.cache", "framework.health")
settings = Settings(
    _env_file=None,
    secret_key="0123456789abcdefghijklmnopqrstuvwxyz" * 2,
    allowed_hosts=["localhost"],
    installed_apps=(*BATTERIES, "listing"),
)
app = create_app(Project(settings))
