"""A new project as people use it: by the README's lines, and from its API docs in a real browser."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page, expect
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser

from framework.management.scaffold import start_project
from framework.testing.supervisor import free_port
from tests.template.conftest import ROOT, Site

pytestmark = pytest.mark.timeout(240)  # a browser and a project start slowly where all tests start at once

ADMIN = {"SUPERUSER_EMAIL": "root@example.com", "SUPERUSER_PASSWORD": "a long way to nowhere"}
CURL = f"""#!{sys.executable}
# For machines without curl: as much of it as the README's lines use.
import argparse, httpx
parser = argparse.ArgumentParser()
parser.add_argument("url")
parser.add_argument("-H", action="append", default=[])
parser.add_argument("-X")
parser.add_argument("-d")
parser.add_argument("--silent", action="store_true")
parser.add_argument("--show-error", action="store_true")
given = parser.parse_args()
headers = dict(line.split(": ", 1) for line in given.H)
if given.d:
    headers.setdefault("content-type", "application/x-www-form-urlencoded")
method = given.X or ("POST" if given.d else "GET")
print(httpx.request(method, given.url, headers=headers, content=given.d and given.d.encode()).text, end="")
"""


@dataclass(frozen=True)
class Served:
    """A new project with an app and a superuser, as `runserver` serves it."""

    url: str
    log: Path


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("project") / "mysite"
    start_project("mysite", folder)
    site = Site(folder)
    for command in ("startapp shop --model Product name:str:200", "makemigrations", "migrate"):
        site.manage(*command.split())
    assert "Superuser created successfully." in site.manage("createsuperuser", "--noinput", environ=ADMIN)
    port = free_port()
    log = folder.parent / "log"
    environ = {"PYTHONUNBUFFERED": "1"}
    server = site.start(log, "python", "manage.py", "runserver", str(port), "--noreload", environ=environ)
    url = f"http://127.0.0.1:{port}"
    try:
        for _ in range(600):
            assert server.poll() is None, log.read_text()
            try:
                httpx.get(f"{url}/health/live", timeout=30)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield Served(url, log)
    finally:
        server.terminate()
        assert server.wait(20) in (0, -15), log.read_text()


@pytest.fixture
def curl(tmp_path: Path) -> Path:
    """A folder for PATH that has curl wherever the machine has none."""
    if shutil.which("curl") is None:
        (tmp_path / "curl").write_text(CURL)
        (tmp_path / "curl").chmod(0o755)
    return tmp_path


def token_of_the_mail(log: Path) -> str:
    """Return the token in the mail that was printed last; it is sent in the background."""
    for _ in range(600):
        if found := re.findall(r"^ {4}([\w-]{32,})$", log.read_text(), re.MULTILINE):
            return found[-1]
        time.sleep(0.05)
    raise AssertionError(log.read_text())


def test_the_lines_of_the_readme_register_log_in_refresh_and_log_out(served: Served, curl: Path) -> None:
    document = Sybil([CodeBlockParser("shell", evaluator=lambda _: None)]).parse(ROOT / "README.md")
    variables, *lines = [each.region.parsed for each in document.examples()][2].splitlines()
    variables = variables.replace("http://127.0.0.1:8000", served.url)
    answers: list[str] = []
    tokens: dict[str, str] = {}
    for line in lines:
        if '"token": "…"' in line:
            tokens["token"] = token_of_the_mail(served.log)
        filled = line.replace("Bearer …", f"Bearer {tokens.get('access_token')}")
        for key, token in tokens.items():
            filled = filled.replace(f'"{key}": "…"', f'"{key}": "{token}"')
        done = subprocess.run(
            ["bash", "-ec", f"{variables}\n{filled.replace('curl ', 'curl --silent --show-error ')}"],
            env=os.environ | {"PATH": f"{os.environ['PATH']}:{curl}"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        answers.append(done.stdout)
        if "refresh_token" in done.stdout:
            tokens |= httpx.Response(200, text=done.stdout).json()

    register, confirmed, _, me, _, logout = answers
    assert "a mail is on its way" in register
    assert '"email":"ada@example.com"' in confirmed
    assert '"email":"ada@example.com"' in me
    assert logout == ""
    late = httpx.get(f"{served.url}/api/auth/me", headers={"authorization": f"Bearer {tokens['access_token']}"})
    assert late.status_code == 401


def test_somebody_logs_in_on_the_docs_page_and_makes_a_product(served: Served, page: Page) -> None:
    page.goto(f"{served.url}/docs")
    operation = page.locator(".opblock", has_text=re.compile(r"POST\s*/api/shop/products"))
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.locator("textarea.body-param__text").fill('{"name": "Lamp"}')
    status = operation.locator(".live-responses-table .response-col_status").last
    operation.get_by_role("button", name="Execute").click()
    expect(status).to_contain_text("401")

    page.locator(".auth-wrapper .authorize").first.click()
    dialog = page.locator(".dialog-ux .auth-container", has=page.locator("#oauth_username"))
    dialog.locator("#oauth_username").fill(ADMIN["SUPERUSER_EMAIL"])
    dialog.locator("#oauth_password").fill(ADMIN["SUPERUSER_PASSWORD"])
    dialog.get_by_role("button", name="Apply given OAuth2 credentials").click()
    page.locator(".dialog-ux").get_by_role("button", name="Remove authorization").wait_for()
    page.locator(".dialog-ux .btn-done").first.click()
    operation.get_by_role("button", name="Execute").click()
    expect(status).to_contain_text("201")
    products = httpx.get(f"{served.url}/api/shop/products").json()["items"]
    assert [product["name"] for product in products] == ["Lamp"]
