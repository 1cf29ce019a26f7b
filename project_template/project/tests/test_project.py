"""The project as a whole: it loads, passes its own checks and answers."""

from framework import Project
from framework.checks import Level, run
from httpx import AsyncClient


def test_the_project_has_no_mistakes(project: Project) -> None:
    assert [message for message in run(project) if message.level >= Level.ERROR] == []


async def test_the_project_is_ready_to_serve(client: AsyncClient) -> None:
    response = await client.get("/health/ready")
    assert response.status_code == 200, response.text
