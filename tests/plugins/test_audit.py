"""A plugin by strangers: a wheel in a clean environment, found by its entry point, active only when named."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from framework.testing.supervisor import free_port

pytestmark = pytest.mark.timeout(180)  # each command is a process of its own

SOURCE = Path(__file__).parent / "audit"

SETTINGS = """
from framework import Settings


class ProjectSettings(Settings):
    installed_apps: tuple[str, ...] = ({apps})
    services: dict[str, str] = {services}
"""

QUIET = '''
from framework_audit.services import AuditTrail


class QuietTrail(AuditTrail):
    """Remembers nothing."""

    def wants(self, method: str, status: int) -> bool:
        return False
'''

FRAMEWORK = ("framework.db", "framework.migrations")


class Site:
    """A project in a clean environment, used as people use it: by `manage.py` and over HTTP."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs = programs
        self.folder = folder
        self.environ: dict[str, str] = {}

    def write(self, *apps: str, services: dict[str, str] | None = None) -> None:
        listed = "".join(f"{app!r}, " for app in (*FRAMEWORK, *apps))
        (self.folder / "config" / "settings.py").write_text(SETTINGS.format(apps=listed, services=services or {}))

    def _environ(self) -> dict[str, str]:
        keep = ("PATH", "HOME", "LANG", "TMPDIR")
        return {key: value for key, value in os.environ.items() if key in keep} | self.environ

    def manage(self, *arguments: str) -> tuple[int, str]:
        done = subprocess.run(
            [self.programs / "python", "manage.py", *arguments],
            cwd=self.folder,
            env=self._environ(),
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )
        return done.returncode, done.stdout + done.stderr

    def succeed(self, *arguments: str) -> str:
        code, output = self.manage(*arguments)
        assert code == 0, output
        return output

    @contextmanager
    def serve(self) -> Iterator[Callable[[str, str], tuple[int, Any]]]:
        port = free_port()
        log = self.folder / "server.log"
        with log.open("w") as out:
            server = subprocess.Popen(
                [self.programs / "uvicorn", "config.asgi:app", "--port", str(port)],
                cwd=self.folder,
                env=self._environ(),
                stdout=out,
                stderr=out,
            )

        def call(method: str, path: str) -> tuple[int, Any]:
            request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", method=method)
            try:
                with urllib.request.urlopen(request, timeout=10) as response:
                    body = response.read()
                    said = body and response.headers.get_content_type() == "application/json"
                    return response.status, json.loads(body) if said else None
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, None

        try:
            deadline = time.monotonic() + 30
            while server.poll() is None and time.monotonic() < deadline:
                try:
                    call("GET", "/")
                    break
                except OSError:
                    time.sleep(0.05)
            assert server.poll() is None, log.read_text()
            yield call
        finally:
            server.terminate()
            server.wait(20)


@pytest.fixture(scope="module")
def programs(
    framework_wheel: Path, build_wheel: Callable[[Path], Path], clean_environment: Callable[..., Path]
) -> Path:
    return clean_environment(framework_wheel, build_wheel(SOURCE))


@pytest.fixture
def site(programs: Path, tmp_path: Path) -> Site:
    subprocess.run([programs / "framework", "startproject", "office", tmp_path], check=True, capture_output=True)
    site = Site(programs, tmp_path)
    site.environ["DEBUG"] = "1"
    return site


def test_a_plugin_that_is_installed_but_not_named_does_nothing(site: Site) -> None:
    site.write()
    site.environ["AUDIT__KEEP_DAYS"] = "0"
    assert "audit" not in site.succeed("apps")
    assert "prune-audit" not in site.succeed("help")
    assert "audit" not in site.succeed("check")
    assert "audit" not in site.succeed("migrate")
    assert site.manage("prune-audit")[0] != 0
    with site.serve() as call:
        assert call("GET", "/audit/entries")[0] == 404


def test_a_plugin_may_be_named_by_its_package_too(site: Site) -> None:
    site.write("framework_audit")
    assert "audit" in site.succeed("apps")


def test_a_named_plugin_brings_all_it_has(site: Site) -> None:
    site.write("audit")
    assert "audit" in site.succeed("apps")
    assert "prune-audit" in site.succeed("help")
    assert "No changes detected" in site.succeed("makemigrations"), "its migrations come with it"
    assert "Applying audit.0001_initial... OK" in site.succeed("migrate")
    with site.serve() as call:
        assert call("POST", "/audit/notes") == (204, None)
        status, page = call("GET", "/audit/entries")
        assert status == 200
        assert [(entry["method"], entry["path"], entry["status"]) for entry in page["items"]] == [
            ("POST", "/audit/notes", 204)
        ]
        assert "Forgot 0 entries." in site.succeed("prune-audit")
        assert "Forgot 1 entries." in site.succeed("prune-audit", "--days=-1")
        assert call("GET", "/audit/entries")[1]["items"] == []


def test_the_section_of_a_plugin_reads_the_environment_undeclared(site: Site) -> None:
    site.write("audit")
    site.environ["AUDIT__KEEP_DAYS"] = "0"
    output = site.succeed("check")
    assert "audit.keep-days" in output
    assert "The audit trail grows for ever." in output
    site.environ["AUDIT__KEEP_DAYS"] = "30"
    assert "audit.keep-days" not in site.succeed("check")
    site.environ["AUDIT__KEEP_DAYS"] = "soon"
    code, output = site.manage("check")
    assert code != 0
    assert "AUDIT__KEEP_DAYS" in output
    assert "'soon'" in output


def test_a_project_swaps_a_service_of_a_plugin_in_its_settings(site: Site) -> None:
    site.write("audit", services={"framework_audit.services:AuditTrail": "config.quiet:QuietTrail"})
    (site.folder / "config" / "quiet.py").write_text(QUIET)
    site.succeed("migrate")
    with site.serve() as call:
        assert call("POST", "/audit/notes")[0] == 204
        assert call("GET", "/audit/entries")[1]["items"] == []


def test_a_plugin_stands_on_what_it_requires(site: Site) -> None:
    settings = site.folder / "config" / "settings.py"
    settings.write_text(SETTINGS.format(apps="'audit', 'framework.db'", services={}))
    code, output = site.manage("check")
    assert code != 0
    assert "requires 'db'" in output
    assert "apps.order" in output
