"""What `startproject`, `startapp` and `startmodel` write."""

from framework.management.scaffold.app import start_app, start_model
from framework.management.scaffold.project import start_project
from framework.management.scaffold.report import Written

__all__ = ["Written", "start_app", "start_model", "start_project"]
