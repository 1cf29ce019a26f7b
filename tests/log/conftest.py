"""Logging belongs to the process: begin and end with nothing set up."""

import logging
from collections.abc import Callable, Generator
from typing import Any

import pytest

from framework import Project, Settings
from framework.log import LogSettings

NAMES = ("uvicorn", "uvicorn.error", "uvicorn.access", "framework.requests", "shop", "shop.cart")


@pytest.fixture(autouse=True)
def _logging_as_before() -> Generator[None]:
    factory = logging.getLogRecordFactory()
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    as_python_makes_them()  # another test of this process may have loaded a project with this app
    yield
    logging.setLogRecordFactory(factory)
    root.setLevel(level)
    root.handlers[:] = handlers
    as_python_makes_them()


def as_python_makes_them() -> None:
    for name in NAMES:
        logger = logging.getLogger(name)
        logger.setLevel(logging.NOTSET)
        logger.handlers.clear()
        logger.propagate = True


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
