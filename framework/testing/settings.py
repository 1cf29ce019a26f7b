"""A project's settings as its tests see them: what the code says, and nothing of the machine's databases."""

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from framework.errors import ImproperlyConfigured

if TYPE_CHECKING:
    import pytest

    from framework.conf import Settings

__all__ = ["FOREIGN", "find_settings", "read_settings"]

HOST = "testserver"
"""The host that the test client asks for."""

SECRET_KEY = "only-for-tests-" * 4
"""Signs tokens in tests, where no `.env` is read."""

FOREIGN = ("DATABASE_URL", "DATABASE__", "REDIS_URL", "CACHE__URL")
"""How the variables begin that tests do not see: they say where this machine keeps its real data."""


def find_settings(config: "pytest.Config") -> "type[Settings]":
    """Return the project's settings class: `framework_settings` of pytest's configuration, else the variable
    `FRAMEWORK_SETTINGS`, else what the `manage.py` in pytest's root folder names.
    """
    from framework.__main__ import settings_of
    from framework.management import Invocation

    script = config.rootpath / "manage.py"
    target = config.getini("framework_settings") or os.environ.get("FRAMEWORK_SETTINGS") or settings_of(script)
    if not target:
        raise ImproperlyConfigured(
            f"No settings class was named for the tests, and there is no {script} that names one.",
            hint='Put framework_settings = "config.settings:ProjectSettings" below [tool.pytest.ini_options].',
            code="testing.settings",
        )
    if str(config.rootpath) not in sys.path:  # where manage.py stands, as when it runs
        sys.path.insert(0, str(config.rootpath))
    return Invocation("pytest", target).settings_class


def read_settings(class_: "type[Settings]", values: Mapping[str, Any]) -> "Settings":
    """Return the settings with `values` on top, without `.env`. Signing and the client's host work out of the box."""
    values = {"secret_key": SECRET_KEY, "allowed_hosts": allowed_hosts(class_), **values}
    return class_(_env_file=None, **values)


def allowed_hosts(class_: "type[Settings]") -> tuple[str, ...]:
    """Return the hosts the project's code names, and the client's."""
    return (*class_.model_fields["allowed_hosts"].get_default(call_default_factory=True), HOST)
