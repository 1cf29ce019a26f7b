"""What checkers see of settings. Never run: mypy and pyright, both strict, read it."""

from typing import ClassVar, assert_type

from pydantic import SecretStr
from pydantic_settings import SettingsConfigDict

from framework import Section, Settings
from framework.cache import Cache, CacheSettings, MemoryCache
from framework.conf import Setting, Source, find_settings, load_settings
from framework.db import DatabaseSettings


class AuditSettings(Section):
    """A section with a prefix and a platform's variable of its own."""

    prefix: ClassVar[str] = "audit"
    variables: ClassVar[dict[str, str]] = {"AUDIT_URL": "url"}

    url: str = ""
    token: SecretStr = SecretStr("")
    keep_days: int = 30


class ProjectSettings(Settings):
    """A project's settings."""

    model_config = SettingsConfigDict(toml_file="settings.toml")

    installed_apps: tuple[str, ...] = ("framework.db", "framework.cache")
    database: DatabaseSettings = DatabaseSettings(url="sqlite:///db.sqlite3", pool_size=3)
    cache: CacheSettings = CacheSettings(prefix="site:")


def use(settings: ProjectSettings) -> None:
    """Sections have their own types."""
    assert_type(settings.section(AuditSettings), AuditSettings)
    assert_type(settings.section(AuditSettings).keep_days, int)
    assert_type(settings.cache.prefix, str)
    assert_type(settings.database.read_url, str | None)
    assert_type(settings.require_secret_key(), str)
    assert_type(settings.source("debug"), Source)
    assert_type(list(settings.explain()), list[Setting])
    settings.debug = True  # pyright: ignore[reportAttributeAccessIssue] - settings are frozen
    AuditSettings(keep_dasy=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue] - and their names checked


def choose() -> None:
    """A path gives the class or its settings."""
    assert_type(find_settings("config.settings:ProjectSettings"), type[Settings])
    assert_type(load_settings(default="config.settings:ProjectSettings", debug=True), Settings)


async def remember(cache: Cache) -> bytes | None:
    """A cache holds values of any type."""
    await cache.set("key", b"value", ttl=5)
    assert_type(MemoryCache(), MemoryCache)
    return await cache.get("key", bytes)
