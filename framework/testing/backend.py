"""A pytest plugin of one fixture, registered late so that it wins over anyio's own."""

import pytest

__all__ = ["anyio_backend"]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Run async tests on asyncio: the database drivers know nothing else."""
    return "asyncio"
