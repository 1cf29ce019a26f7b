"""A Django-style, batteries-included framework on top of FastAPI."""

from framework.apps import AppConfig
from framework.conf import Section, Settings
from framework.project import Project
from framework.services import Inject, Scope, service

__all__ = ["AppConfig", "Inject", "Project", "Scope", "Section", "Settings", "service"]

__version__ = "0.1.0"
