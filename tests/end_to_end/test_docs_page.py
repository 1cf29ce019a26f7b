"""The API docs of a new project in a real browser."""

import re
import socket
import time
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Page, expect

from framework.management.scaffold import start_project
from tests.template.conftest import Site

pytestmark = pytest.mark.timeout(240)  # a browser and a project start slowly where all tests start at once


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a new project with an app."""
    folder = tmp_path_factory.mktemp("project") / "mysite"
    start_project("mysite", folder)
    site = Site(folder)
    for command in ("startapp shop --model Product name:str:200", "makemigrations", "migrate"):
        site.manage(*command.split())
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = folder.parent / "log"
    server = site.start(log, "python", "manage.py", "runserver", str(port), "--noreload", environ={})
    try:
        for _ in range(600):
            assert server.poll() is None, log.read_text()
            try:
                httpx.get(f"http://127.0.0.1:{port}/health/live", timeout=30)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        assert server.wait(20) in (0, -15), log.read_text()


def test_a_product_is_made_from_the_docs_page(served: str, page: Page) -> None:
    page.goto(f"{served}/docs")
    operation = page.locator(".opblock", has_text=re.compile(r"POST\s*/api/shop/products"))
    operation.locator(".opblock-summary-control").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.locator("textarea.body-param__text").fill('{"name": "Lamp"}')
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table .response-col_status").last).to_contain_text("201")
    assert [item["name"] for item in httpx.get(f"{served}/api/shop/products").json()["items"]] == ["Lamp"]
