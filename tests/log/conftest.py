"""Logging belongs to the process: put back what a test changed."""

import logging
from collections.abc import Callable, Generator
from typing import Any

import pytest

from framework import Project, Settings
from framework.log import LogSettings

NAMES = ("", "uvicorn", "uvicorn.error", "uvicorn.access", "framework.requests", "shop", "shop.cart")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Generator[None]:
    factory = logging.getLogRecordFactory()
    loggers = [logging.getLogger(name) for name in NAMES]
    before = [(logger, logger.level, list(logger.handlers), logger.propagate) for logger in loggers]
    yield
    logging.setLogRecordFactory(factory)
    for logger, level, handlers, propagate in before:
        logger.setLevel(level)
        logger.handlers[:] = handlers
        logger.propagate = propagate


class LogProject(Settings):
    """A project with a log section."""

    log: LogSettings = LogSettings()


@pytest.fixture
def build() -> Callable[..., Project]:
    """Load a project with this app. Keywords are its settings."""

    def build(*apps: str, **settings: Any) -> Project:
        settings = {"secret_key": "only for tests " * 4, **settings}
        return Project(LogProject(_env_file=None, installed_apps=("framework.log", *apps), **settings))  # pyright: ignore[reportCallIssue]

    return build
