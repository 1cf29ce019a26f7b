"""Typed settings: one class per project, one section per app."""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = ["Section", "Settings"]


class Section(BaseModel):
    """The settings of one app."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, hide_input_in_errors=True)


class Settings(BaseSettings):
    """Base of a project's settings. Environment variables override what the file says."""

    model_config = SettingsConfigDict(
        frozen=True,
        env_nested_delimiter="__",
        nested_model_default_partial_update=True,
        extra="ignore",
        use_attribute_docstrings=True,
    )

    debug: bool = False
    """Show tracebacks to the client. Never on in production."""
    secret_key: SecretStr = SecretStr("")
    """Key for signing tokens and cookies."""
    allowed_hosts: tuple[str, ...] = ()
    """Host names the project answers to; `*.example.com` matches subdomains."""
    installed_apps: tuple[str, ...] = ()
    """The apps of the project, in the order they start."""
    services: dict[str, str] = {}
    """Services replaced for this project: `{"audit.services:Auditor": "blog.services:QuietAuditor"}`."""

    @property
    def root(self) -> Path:
        """The project's folder, from which relative paths are read."""
        return Path.cwd()

    def section[S: Section](self, type_: type[S]) -> S:
        """Return the section of `type_`, read from the project's settings and the environment."""
        for name in type(self).model_fields:
            value: Any = getattr(self, name)
            if isinstance(value, type_):
                return value
        return type_()
