"""A thousand logins at once, and everybody else."""

import asyncio
import threading
from collections import Counter
from itertools import islice

import pytest

from framework.auth import AuthSettings, Hasher, Tokens, Users
from framework.auth.settings import PasswordSettings
from framework.testing.client import connect
from framework.testing.projects import Projects
from framework.users.models import User
from framework.web import WebSettings, create_app
from framework.web.settings import LoadSettings, TimeoutSettings
from tests.auth.conftest import Site

PASSWORD = "correct horse battery"
MANY = 1000
WAITING = PasswordSettings().max_waiting
free = threading.Event()


class Held(Hasher):
    """Verifies no password before it may."""

    algorithm = "held"

    def hash(self, password: str) -> str:
        return f"held${password}"

    def verify(self, password: str, encoded: str) -> bool:
        return free.wait(100) and encoded == self.hash(password)


@pytest.mark.timeout(120)
async def test_a_thousand_logins_at_once_keep_no_other_route_from_answering(project_with: Projects) -> None:
    """They are as slow as can be: as many as may wait do, and take neither the places of others nor their time."""
    free.clear()
    project = project_with(
        Site,
        auth=AuthSettings(passwords=PasswordSettings(hashers=(f"{__name__}:Held",))),
        # What a slow machine's loop or clock would refuse is not what is tested: places that logins hold it would not.
        web=WebSettings(load=LoadSettings(interval=30), timeouts=TimeoutSettings(deadline=None)),
    )
    app = create_app(project)
    async with app.router.lifespan_context(app), connect(app, {}) as client:
        async with project.scope() as scope:
            user = await (await scope.get(Users[User])).create(email="ann@example.com", password=PASSWORD)
            headers = {"Authorization": f"Bearer {(await (await scope.get(Tokens)).issue(user)).access_token}"}
        form = {"username": "ann@example.com", "password": PASSWORD}
        logins = [asyncio.create_task(client.post("/auth/token", data=form)) for _ in range(MANY)]
        try:
            for refused in islice(asyncio.as_completed(logins), MANY - 2 * WAITING):
                assert (await refused).status_code == 503
            for path in ("/auth/me", "/auth/logins", "/auth/password/requirements"):
                assert (await client.get(path, headers=headers)).status_code == 200
        finally:
            free.set()
        answers = await asyncio.gather(*logins)
    statuses = Counter(answer.status_code for answer in answers)
    assert statuses[200] >= WAITING
    assert statuses[200] + statuses[503] == MANY
    assert all("retry-after" in answer.headers for answer in answers if answer.status_code == 503)
