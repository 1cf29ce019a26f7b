"""A project's settings as its tests see them: what the code says, and nothing of the machine they run on."""

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from framework.errors import ImproperlyConfigured

if TYPE_CHECKING:
    import pytest

    from framework.conf import Settings

__all__ = ["HOST", "find_class", "read_settings"]

HOST = "testserver"
"""The host that the test client asks for."""

SECRET_KEY = "only-for-tests-" * 4
"""Signs tokens in tests, where no secret is read."""


def find_class(config: "pytest.Config") -> "type[Settings]":
    """Return the project's settings class: `framework_settings` of pytest's configuration, else the variable
    `FRAMEWORK_SETTINGS`, else what the `manage.py` in pytest's root folder names.
    """
    from framework.__main__ import settings_of
    from framework.conf import FRAMEWORK_SETTINGS, find_settings

    script = config.rootpath / "manage.py"
    path = str(config.getini("framework_settings")) or os.environ.get(FRAMEWORK_SETTINGS) or settings_of(script)
    if not path:
        raise ImproperlyConfigured(
            f"No settings class was named for the tests, and there is no {script} that names one.",
            hint='Put framework_settings = "config.settings:ProjectSettings" below [tool.pytest.ini_options].',
            code="testing.settings",
        )
    if str(config.rootpath) not in sys.path:  # where manage.py stands, as when it runs
        sys.path.insert(0, str(config.rootpath))
    return find_settings(path)


def read_settings(class_: "type[Settings]", values: Mapping[str, Any]) -> "Settings":
    """Return the settings that the code and `values` make: no environment, no `.env`, no secrets folder."""
    hosts = class_.model_fields["allowed_hosts"].get_default(call_default_factory=True) or ()
    hermetic: dict[str, Any] = {"_environ": {}, "_env_file": None, "_secrets_dir": None}
    working: dict[str, Any] = {"secret_key": SECRET_KEY, "allowed_hosts": (*hosts, HOST)}
    return class_(**(hermetic | working | dict(values)))
