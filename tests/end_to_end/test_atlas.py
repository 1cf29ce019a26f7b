"""The main job on real input: from the wheel in an empty environment to a served project that holds the world."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from framework.testing.supervisor import free_port

ATLAS = Path(__file__).parents[2] / "docs" / "examples" / "atlas"
COUNTRY = {"alpha_2": "XA", "alpha_3": "XAA", "name": "Atlantis", "official_name": None}
BIG = 50_000_000


class World:
    """A project in a clean environment, used as its README says."""

    def __init__(self, programs: Path, folder: Path, environ: dict[str, str]) -> None:
        self.programs, self.folder = programs, folder
        self.environ = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ} | environ

    def run(self, program: str, *arguments: str) -> str:
        done = subprocess.run(
            [self.programs / program, *arguments],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def manage(self, *arguments: str) -> str:
        return self.run("python", "manage.py", *arguments)

    @contextmanager
    def serving(self) -> Iterator[httpx.Client]:
        port = free_port()
        command = [self.programs / "python", "manage.py", "runserver", str(port), "--noreload"]
        log = self.folder / "server.log"
        with (
            log.open("w") as out,
            subprocess.Popen(command, cwd=self.folder, env=self.environ, stdout=out, stderr=out) as server,
        ):
            try:
                with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
                    wait_until_ready(client, server, log)
                    yield client
            finally:
                server.terminate()
                assert server.wait(20) in (0, -15), log.read_text()


def wait_until_ready(client: httpx.Client, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(300):
        assert server.poll() is None, log.read_text()
        try:
            if client.get("/health/ready").status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


@pytest.fixture(scope="module")
def programs(framework_wheel: Path, clean_environment: Callable[..., Path]) -> Path:
    return clean_environment(framework_wheel, "pycountry")


@pytest.fixture
def world(programs: Path, tmp_path: Path, database_url: str) -> World:
    if database_url.startswith("sqlite"):
        environ = {}  # what startproject writes is a SQLite file
    else:
        environ = {"DATABASE_URL": database_url.replace("postgresql+asyncpg://", "postgres://")}
    world = World(programs, tmp_path / "world", environ)
    world.folder.mkdir()
    world.run("framework", "startproject", "world", ".")
    world.manage("startapp", "atlas")
    for path in ATLAS.glob("*.py"):
        shutil.copy(path, world.folder / "atlas")
    (world.folder / "atlas" / "tests" / "test_items.py").unlink()
    return world


@pytest.mark.timeout(240)
def test_the_world_is_loaded_served_changed_and_found_again(world: World) -> None:
    made = world.manage("makemigrations")
    assert made.splitlines() == [
        "Migrations for 'atlas':",
        "  atlas/migrations/0001_initial.py",
        "    + Create model Country",
        "    + Create model Subdivision",
    ]
    assert "Applying atlas.0001_initial... OK" in world.manage("migrate")
    loaded = world.manage("load-atlas")
    assert loaded.startswith("Loaded 249 countries and 5")

    with world.serving() as client:
        reads(client)
        atlantis = writes(client)
        refuses(client)

    with world.serving() as client:
        assert client.get(f"/api/countries/{atlantis}").json()["name"] == "Atlantis (sunk)"
        assert client.get("/api/countries").json()["total"] == 250
    assert "No changes detected" in world.manage("makemigrations")
    assert "No migrations to apply." in world.manage("migrate")


def reads(client: httpx.Client) -> None:
    first = client.get("/api/countries", params={"limit": 100}).json()
    assert first["total"] == 249
    rest = [client.get("/api/countries", params={"limit": 100, "offset": offset}).json() for offset in (100, 200)]
    names = [country["name"] for page in (first, *rest) for country in page["items"]]
    assert len(set(names)) == 249

    islands = client.get("/api/countries", params={"q": "ISLANDS", "order": "-name"}).json()
    assert islands["total"] == len(islands["items"]) >= 10
    assert all("island" in f"{country['name']} {country['official_name']}".lower() for country in islands["items"])
    sent = [country["name"] for country in islands["items"]]
    assert sent == sorted(sent, reverse=True)

    (france,) = client.get("/api/countries", params={"alpha_2": "FR"}).json()["items"]
    assert client.get(f"/api/countries/{france['id']}").json() == france
    assert france["flag"] == "\U0001f1eb\U0001f1f7"
    parts = client.get(f"/api/countries/{france['id']}/subdivisions", params={"limit": 100}).json()
    assert parts["total"] > 100
    assert "FR-2A" in {part["code"] for part in parts["items"]} | {
        part["code"]
        for offset in range(100, parts["total"], 100)
        for part in client.get(
            f"/api/countries/{france['id']}/subdivisions", params={"limit": 100, "offset": offset}
        ).json()["items"]
    }


def writes(client: httpx.Client) -> int:
    created = client.post("/api/countries", json=COUNTRY)
    assert created.status_code == 201, created.text
    id = created.json()["id"]
    assert client.get(f"/api/countries/{id}").json() == {**COUNTRY, "id": id, "flag": ""}
    changed = client.patch(f"/api/countries/{id}", json={"name": "Atlantis (sunk)"})
    assert changed.json() == {**COUNTRY, "id": id, "flag": "", "name": "Atlantis (sunk)"}

    (germany,) = client.get("/api/countries", params={"alpha_2": "DE"}).json()["items"]
    assert client.delete(f"/api/countries/{germany['id']}").status_code == 204
    assert client.get(f"/api/countries/{germany['id']}").status_code == 404
    again = {key: value for key, value in germany.items() if key not in ("id", "flag")}
    assert client.post("/api/countries", json=again).status_code == 201
    return id


def refuses(client: httpx.Client) -> None:
    assert problem(client.get("/api/countries/999999"), 404)["code"] == "not_found"
    taken = problem(client.post("/api/countries", json={**COUNTRY, "alpha_2": "FR"}), 409)
    assert {error["name"] for error in taken["errors"]} == {"alpha_2", "alpha_3"}
    wrong = problem(client.post("/api/countries", json={**COUNTRY, "alpha_2": "xx", "name": ""}), 422)
    assert {tuple(error["loc"]) for error in wrong["errors"]} == {("body", "alpha_2"), ("body", "name")}
    problem(client.get("/api/countries", params={"order": "flag"}), 422)
    problem(client.get("/api/countries", params={"nmae": "x"}), 422)

    malformed = client.post("/api/countries", content=b'{"name": ', headers={"content-type": "application/json"})
    problem(malformed, 422)
    problem(too_big(client), 413)
    assert client.get("/api/countries").json()["total"] == 250, "nothing of it was stored"


def too_big(client: httpx.Client) -> httpx.Response:
    """Send 50 MB, announced. The server may answer and hang up before it read them all."""
    return client.post("/api/countries", content=b" " * BIG, headers={"content-type": "application/json"})


def problem(response: httpx.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert body["status"] == status
    assert body["request_id"] == response.headers["x-request-id"]
    return body
