"""Typed settings: one class per project, one section per app. Knows of apps only that they have labels."""

from framework.conf.explain import Setting
from framework.conf.loading import FRAMEWORK_SETTINGS, find_settings, load_settings
from framework.conf.reading import UnknownVariable
from framework.conf.secret_key import new_secret_key
from framework.conf.section import Section, sections_of
from framework.conf.settings import Settings
from framework.conf.source import Source

__all__ = [
    "FRAMEWORK_SETTINGS",
    "Section",
    "Setting",
    "Settings",
    "Source",
    "UnknownVariable",
    "find_settings",
    "load_settings",
    "new_secret_key",
    "sections_of",
]
