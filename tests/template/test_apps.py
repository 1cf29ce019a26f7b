"""Apps and models made on the command line work as they come, and grow by one line a file."""

import json
import re
from pathlib import Path

import pytest

from framework.management.scaffold import start_project
from tests.template.conftest import Site

pytestmark = pytest.mark.timeout(240)

EVERYTHING = (
    "name:str:200:index", "code:str:4:unique", "body:text", "slug", "count:int", "rating:float:index", "active:bool",
    "price:decimal", "made:date", "seen:datetime", "opens:time", "token:uuid:unique",
    "note:str:40?", "story:text?", "weight:float?", "amount:int?", "sold:bool?", "cost:decimal?", "due:date?",
    "gone:datetime?", "closes:time?", "proof:uuid?",
    "category:shop.Category", "spare:shop.Category?", "only:shop.Category:unique", "parent:shop.Product?",
)  # fmt: skip
TAG = '''"""The tables of the app."""

from framework.db import Field, UUIDKeyed


class Tag(UUIDKeyed, table=True):
    """A tag."""

    name: str = Field(max_length=5, unique=True)
'''
ONE_MORE = '''"""A field that was added by hand."""

from framework.testing import LogIn, Make
from httpx import AsyncClient

from shop.models import Category


async def test_the_field_is_taken_stored_changed_and_shown(client: AsyncClient, log_in: LogIn, make: Make) -> None:
    await log_in()
    old = await make(Category)
    assert (await client.get(f"/api/shop/categories/{old.id}")).json()["colour"] is None

    made = (await client.post("/api/shop/categories", json={"name": "a", "colour": "red"})).json()
    url = f"/api/shop/categories/{made['id']}"
    assert (await client.get(url)).json() == {"id": made["id"], "name": "a", "colour": "red"}
    assert (await client.patch(url, json={"name": "b"})).json()["colour"] == "red"
    assert (await client.patch(url, json={"colour": None})).json()["colour"] is None
    assert (await client.patch(url, json={"colour": "x" * 21})).status_code == 422
'''


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A project with three apps and a model of every kind of field, made by the commands alone."""
    folder = tmp_path_factory.mktemp("apps")
    start_project("mysite", folder)
    site = Site(folder)
    site.manage("startapp", "tags", "--model", "Tag", "name:str:5:unique")
    # A UUID for a key, as somebody would write it who then goes on; the API of the app is theirs to follow.
    (folder / "tags" / "models.py").write_text(TAG)
    for name in ("schemas.py", "services.py", "routes.py"):
        path = folder / "tags" / name
        head, _, rest = re.sub(r"\bid: int\b", "id: UUID", path.read_text()).partition("\n\n")
        path.write_text(f"{head}\n\nfrom uuid import UUID\n\n{rest}")
    said = site.manage("startapp", "shop", "--model", "Category", "name:str:50:unique")
    assert said.splitlines()[0] == "Started app 'shop'"
    assert "  change config/settings.py: added 'shop' to installed_apps" in said
    assert said.endswith("Next: python manage.py makemigrations && python manage.py migrate\n")
    said = site.manage("startmodel", "shop", "Product", *EVERYTHING)
    assert said == (
        "Added model 'Product' to app 'shop'\n  create shop/tests/test_products.py\n"
        "  change shop/models.py: added Product\n  change shop/routes.py: added Product\n"
        "  change shop/schemas.py: added Product\n  change shop/services.py: added Product\n"
        "Next: python manage.py makemigrations shop && python manage.py migrate\n"
    )
    # Another app's model, one with a key that is no number, two of one name, and itself; in a folder of its own.
    links = (
        "product:shop.Product",
        "tag:tags.Tag",
        "main:tags.Tag?",
        "up:blog.Product?",
        "client:shop.Category:unique",
    )
    site.manage("startapp", "blog", "apps/blog", "--model", "Product", *links)
    return site


@pytest.fixture(scope="module")
def tested_without_migrations(site: Site) -> str:
    return site.run("pytest", "-q", "-W", "error")


@pytest.fixture(scope="module")
def migrated(site: Site, tested_without_migrations: str) -> str:
    made = site.manage("makemigrations")
    site.manage("migrate")
    return made


def test_the_tests_of_new_apps_pass_before_there_are_migrations(tested_without_migrations: str) -> None:
    assert re.search(r"^14 passed", tested_without_migrations, re.MULTILINE), tested_without_migrations


def test_new_apps_are_clean_under_the_rules_of_the_project(site: Site) -> None:
    ours = ("shop", "apps", "config", "tests", "manage.py")
    site.run("ruff", "check", "--no-cache", *ours)
    site.run("ruff", "format", "--check", "--no-cache", *ours)


def test_migrations_make_the_tables_and_nothing_is_left_to_say(site: Site, migrated: str) -> None:
    assert "    + Create model Product\n" in migrated
    assert {path.parts[-3] for path in site.folder.rglob("0001_initial.py")} == {"blog", "shop", "tags"}
    assert "No changes detected" in site.manage("makemigrations")
    assert site.manage("check") == "System check identified no issues (0 silenced).\n"


def test_one_more_field_is_one_line_in_each_of_two_files(site: Site, migrated: str) -> None:
    add_line(site.folder / "shop" / "models.py", "    name: str = Field(max_length=50, unique=True)\n")
    add_line(site.folder / "shop" / "schemas.py", "    name: str = Field(max_length=50)\n")
    made = site.manage("makemigrations", "shop")
    assert "    + Add field colour to category" in made
    assert re.search(r"Applying shop\.0002_\w+\.\.\. OK", site.manage("migrate"))

    (site.folder / "tests" / "test_colour.py").write_text(ONE_MORE)
    said = site.run("pytest", "-q", "-W", "error")
    assert re.search(r"^15 passed", said, re.MULTILINE), said  # the app's own test stands as it was
    routes = json.loads(site.manage("routes", "--json"))
    assert {row["path"] for row in routes if row["app"] == "shop"} >= {
        "/api/shop/categories",
        "/api/shop/products/{id}",
    }


def add_line(path: Path, behind: str) -> None:
    line = "    colour: str | None = Field(default=None, max_length=20)\n"
    source = path.read_text()
    assert source.count(behind) == 1
    path.write_text(source.replace(behind, behind + line))


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("startapp", "shop"), "'shop' conflicts with the name of an existing Python module and cannot be used"),
        (("startapp", "my-app"), "'my-app' is not a valid app name. Please make sure the name is a valid identifier."),
        (("startmodel", "shop", "Category"), "Model 'Category' already stands in "),
        (("startmodel", "db", "Thing"), "App 'db' is an installed package in "),
    ],
)  # fmt: skip
def test_what_is_refused_is_one_sentence_and_changes_nothing(words: tuple[str, ...], error: str, site: Site) -> None:
    before = {path: path.read_bytes() for path in site.folder.rglob("*.py")}
    assert site.manage(*words, code=1).startswith(f"CommandError: {error}")
    assert {path: path.read_bytes() for path in site.folder.rglob("*.py")} == before
