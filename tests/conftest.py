"""Shared by every test."""

import pytest


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio, which the database drivers need."""
    return "asyncio"
