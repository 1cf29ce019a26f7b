"""The page on caching does what it says: its blocks are an app, which is served, changed and tested."""

import subprocess
import sys
from pathlib import Path

from sybil import Region, Sybil
from sybil.parsers.markdown import CodeBlockParser

from tests.programs import QUIET

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "caching.md"

MODELS = """
from framework.db import Field, Model


class Product(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    name: str
    price: float = 1.0
"""

APPS = """
from framework import AppConfig


class ShopConfig(AppConfig):
    name = "shop"
    requires = ("db", "cache")
"""

SETTINGS = """
from framework import Settings
from framework.db import DatabaseSettings
from framework.web import WebSettings


class ProjectSettings(Settings):
    installed_apps: tuple[str, ...] = ("framework.db", "framework.cache", "shop")
    database: DatabaseSettings = DatabaseSettings()
    web: WebSettings = WebSettings()
"""

USE = """
import pytest
from framework.errors import Unavailable
from shop.commands import discount
from shop.models import Product
from shop.services import Products


async def test_the_routes_are_cached_and_follow_changes(client, make):
    product = await make(Product, name="a")
    first = await client.get("/products")
    assert first.json() == [{"id": product.id, "name": "a"}]
    assert first.headers["cache-control"] == "public, no-cache"
    same = await client.get("/products", headers={"If-None-Match": first.headers["etag"]})
    assert same.status_code == 304
    await make(Product, name="b")
    assert len((await client.get("/products")).json()) == 2
    assert (await client.get(f"/products/{product.id}")).json()["name"] == "a"
    orders = await client.get("/products/mine/orders", headers={"Cookie": "a=b"})
    assert orders.headers["cache-control"] == "private, no-cache"


async def test_the_service_counts_and_locks(scope):
    products = await scope.get(Products)
    assert [await products.visits(), await products.visits()] == [1, 2]
    async with products.cache.lock("import"):
        with pytest.raises(Unavailable):
            await products.import_rates()
    await products.import_rates()
    assert await products.cache.get("rates", dict[str, float]) == {"EUR": 1.0}


async def test_text_that_says_what_it_changes_forgets_it(project, client, make):
    from framework.cache import Cache
    from framework.db import Session

    product = await make(Product, name="a")

    async def versions():
        async with project.scope() as scope:
            return await (await scope.get(Cache)).tags.versions(["shop_product", f"shop_product:{product.id}"])

    before = await versions()
    async with project.scope() as scope:
        await discount(await scope.get(Session))
    assert (await versions())["shop_product"] != before["shop_product"]
"""


def test_the_app_of_the_page_runs_as_the_page_says(tmp_path: Path) -> None:
    document = Sybil([CodeBlockParser("python", evaluator=lambda _: None)]).parse(PAGE)
    regions: list[Region] = [example.region for example in document.examples()]
    files = {"shop/__init__.py": "", "shop/apps.py": APPS, "shop/models.py": MODELS, "tests/test_use.py": USE}
    files["site_settings.py"] = SETTINGS
    files["pyproject.toml"] = (
        '[tool.pytest.ini_options]\nanyio_mode = "auto"\npythonpath = ["."]\nfilterwarnings = ["error"]\n'
        'framework_settings = "site_settings:ProjectSettings"\n'
    )
    for region in regions:
        name = region.parsed.partition("\n")[0].removeprefix("# ")
        files[name] = region.parsed
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *QUIET, "-p", "no:xdist"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "4 passed" in done.stdout
