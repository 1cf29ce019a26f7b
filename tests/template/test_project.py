"""A new project passes its own tests, lint and types, and every server that it promises serves it."""

import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest

from framework.management.scaffold import start_project
from framework.management.scaffold.files import template_folder
from framework.testing.supervisor import free_port
from tests.template.conftest import ROOT, Site

pytestmark = pytest.mark.timeout(240)  # programs start slowly where all of them start at once

KEY = "Zk3-9vQx_71LmR0aTbYcUdWeSfHgJiPoNqKrMtVw8yX2zA5B"
SERVERS: Mapping[str, tuple[str, ...]] = {
    "uvicorn": ("uvicorn", "config.asgi:app", "--port"),
    "granian": ("granian", "--interface", "asgi", "config.asgi:app", "--port"),
    "fastapi": ("fastapi", "dev", "--no-reload", "--port"),  # finds the app by [tool.fastapi]
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("project") / "mysite"
    start_project("mysite", folder)
    return Site(folder)


def answer(url: str, server: subprocess.Popen[bytes], log: Path) -> httpx.Response:
    for _ in range(600):
        assert server.poll() is None, log.read_text()
        try:
            return httpx.get(url, timeout=30)
        except httpx.TransportError:
            time.sleep(0.1)
    raise AssertionError(log.read_text())


def stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


@pytest.fixture(scope="module")
def servers(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, tuple[int, Path]]]:
    """All the servers at once: their ports and what they say."""
    logs, started, places = tmp_path_factory.mktemp("logs"), list[subprocess.Popen[bytes]](), {}
    processes: dict[str, subprocess.Popen[bytes]] = {}
    for name, command in SERVERS.items():
        port, log = free_port(), logs / name
        processes[name] = site.start(log, *command, str(port), environ={})
        started.append(processes[name])
        places[name] = (port, log)
    try:
        for name, (port, log) in places.items():
            answer(f"http://127.0.0.1:{port}/health/live", processes[name], log)
        yield places
    finally:
        for process in started:
            stop(process)


@pytest.mark.parametrize("name", SERVERS)
def test_every_asgi_server_serves_a_new_project(name: str, servers: Mapping[str, tuple[int, Path]]) -> None:
    port, _ = servers[name]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        ready = client.get("/health/ready")
        assert ready.status_code == 200, ready.text  # the lifespan ran, and the database answers
        assert client.get("/docs").status_code == 200
        missing = client.get("/api/nothing")
        assert missing.status_code == 404
        assert missing.headers["content-type"] == "application/problem+json"


def test_bare_pytest_passes_in_a_new_project(site: Site) -> None:
    said = site.run("pytest", "-W", "error")
    assert re.search(r"^=* *2 passed", said, re.MULTILINE), said
    assert "skipped" not in said


def test_the_template_passes_its_tests_as_it_stands() -> None:
    said = Site(template_folder("project")).run("pytest", "-q")
    assert "2 passed" in said


def test_a_new_project_and_an_app_are_clean_under_pyright_strict(site: Site) -> None:
    site.manage("startapp", "parts", "--model", "Part", "name:str:20", "price:decimal?", "up:parts.Part?")
    (site.folder / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict", "pythonVersion": "3.12"}')
    assert "0 errors, 0 warnings" in site.run("pyright", "--pythonpath", str(ROOT / ".venv" / "bin" / "python"))


def test_the_root_manage_py_runs_the_template_in_place(tmp_path: Path) -> None:
    root = Site(ROOT)
    environ = {"DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}", "SECRET_KEY": KEY, "DEBUG": "1"}
    assert root.manage("check", environ=environ) == "System check identified no issues (0 silenced).\n"

    port, log = free_port(), tmp_path / "log"
    # What the README promises: `uv run manage.py runserver`.
    command = ("uv", "run", "--no-sync", "--offline", "manage.py", "runserver", str(port))
    server = root.start(log, *command, environ=environ)
    try:
        url = f"http://127.0.0.1:{port}"
        assert answer(f"{url}/health/ready", server, log).status_code == 200
        welcome = httpx.get(url, headers={"accept": "text/html"}, timeout=30)
        assert welcome.status_code == 200
        assert "text/html" in welcome.headers["content-type"]
    finally:
        stop(server)
    said = log.read_text()
    assert "Watching for file changes" in said
    assert f"http://127.0.0.1:{port}/" in said
    with pytest.raises(httpx.TransportError):  # uv ended what it had started
        httpx.get(url, timeout=5)


def test_startproject_says_what_it_wrote_and_what_comes_next(tmp_path: Path) -> None:
    said = Site(tmp_path).run("framework", "startproject", "mysite")
    assert said.startswith(f"Started project 'mysite' in {tmp_path / 'mysite'}\n  create .dockerignore\n")
    assert "\n  create .env\n" in said
    assert said.endswith("\nNext: cd mysite && python manage.py runserver\n")
    again = Site(tmp_path).run("framework", "startproject", "mysite", code=1)
    assert again == (
        f"CommandError: {tmp_path}/mysite/.dockerignore already exists. "
        "Overlaying an existing folder won't replace conflicting files.\n"
        "  Hint: Choose another name or an empty folder.  [scaffold.exists]\n"
    )
