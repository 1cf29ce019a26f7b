"""The files for deployment say what the settings read."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from framework.management.scaffold import start_project
from tests.template.conftest import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("deployed")
    start_project("my_site", folder)
    (folder / ".env").unlink()  # as in the image, where .dockerignore keeps it out
    return Site(folder)


@pytest.fixture(scope="module")
def compose(site: Site) -> dict[str, Any]:
    return yaml.safe_load((site.folder / "compose.yaml").read_text())["services"]


def test_the_image_leaves_secrets_and_databases_behind(site: Site) -> None:
    ignored = (site.folder / ".dockerignore").read_text().split()
    assert {".env", ".secret_key", "*.sqlite3", ".venv/", ".git/"} <= set(ignored)
    assert {".env", ".secret_key", "*.sqlite3", ".venv/"} <= set((site.folder / ".gitignore").read_text().split())


def test_the_port_is_one_and_the_same(site: Site, compose: dict[str, Any]) -> None:
    dockerfile = (site.folder / "Dockerfile").read_text()
    command = json.loads(re.findall(r"^CMD (.+)$", dockerfile, re.MULTILINE)[-1])
    address = command[command.index("runserver") + 1]
    host, port = address.split(":")
    assert host == "0.0.0.0"
    assert f"EXPOSE {port}\n" in dockerfile
    assert compose["web"]["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_the_services_that_are_waited_for_and_asked_are_there(compose: dict[str, Any]) -> None:
    for service in compose.values():
        assert set(service.get("depends_on", {})) <= set(compose)
    web, database = compose["web"]["environment"], compose["db"]["environment"]
    user, password, name = (database[f"POSTGRES_{key}"] for key in ("USER", "PASSWORD", "DB"))
    assert web["DATABASE_URL"] == f"postgresql://{user}:{password}@db:5432/{name}"
    assert compose["migrate"]["environment"]["DATABASE_URL"] == web["DATABASE_URL"]
    assert web["REDIS_URL"].startswith("redis://redis:6379/")
    assert (user, name) == ("my_site", "my_site")


def test_what_compose_sets_is_a_deployment_without_complaints(site: Site, compose: dict[str, Any]) -> None:
    environ = {key: str(value) for key, value in compose["web"]["environment"].items()}
    assert environ["SECRET_KEY"].startswith("${SECRET_KEY:?")
    environ["SECRET_KEY"] = "Zk3-9vQx_71LmR0aTbYcUdWeSfHgJiPoNqKrMtVw8yX2zA5B"
    said = site.manage("check", "--deploy", "--fail-level", "ERROR", environ=environ)
    assert "ERROR" not in said


def test_the_example_names_variables_that_the_settings_read(site: Site, tmp_path: Path) -> None:
    example = (site.folder / ".env.example").read_text()
    assert "project" not in example.replace("my_site", "")
    names = set(re.findall(r"^(?:# )?([A-Z_]+)=", example, re.MULTILINE))
    assert names == {"DEBUG", "SECRET_KEY", "DATABASE_URL", "REDIS_URL", "ALLOWED_HOSTS"}
