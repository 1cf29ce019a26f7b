"""System checks: what a project can find wrong with itself before it serves."""

from framework.checks.discovery import Check, check, is_silenced, run, tags
from framework.checks.message import Level, Message

__all__ = ["Check", "Level", "Message", "check", "is_silenced", "run", "tags"]
