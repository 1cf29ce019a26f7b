"""Apps and the registry that loads them. Knows nothing of the web."""

from framework.apps.config import AppConfig, Probe
from framework.apps.registry import Apps

__all__ = ["AppConfig", "Apps", "Probe"]
