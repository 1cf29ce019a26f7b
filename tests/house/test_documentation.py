"""What the documentation says is so: its examples run, its links lead somewhere, and every error is explained."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from framework.management.catalogue import Catalogue
from tests.documents import ROOT, blocks
from tests.house.test_front_doors import BATTERIES
from tests.programs import QUIET

README = ROOT / "README.md"
ERRORS = ROOT / "docs" / "reference" / "errors.md"
PROGRAMS = Path(sys.executable).parent
PAGES = sorted(path.relative_to(ROOT) for path in ROOT.glob("docs/**/*.md"))
SET_UP = ("pip install uv && uv run manage.py runserver", "pip install uv && uv run pytest")


def run(command: str, folder: Path) -> str:
    environment = {key: os.environ[key] for key in ("HOME", "LANG") if key in os.environ}
    environment |= {"PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
    environment["PYTEST_ADDOPTS"] = " ".join(QUIET)
    done = subprocess.run(
        ["bash", "-ec", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_readme_is_short() -> None:
    assert len(README.read_text().splitlines()) <= 120


def test_the_two_commands_that_set_the_project_up_are_the_ones_that_ci_runs() -> None:
    first = blocks(README, "shell")[0]
    assert tuple(line.partition("  ")[0] for line in first.splitlines()) == SET_UP
    steps = [line for line in (ROOT / ".ci" / "run").read_text().splitlines() if line]
    assert "pip install --quiet uv" in steps
    assert "uv run pytest" in steps


@pytest.mark.timeout(180)
def test_the_project_in_a_minute_is_made_as_the_readme_says_and_serves_what_it_shows(tmp_path: Path) -> None:
    _, minute, *_ = blocks(README, "shell")
    output = run(minute, tmp_path)
    assert "Applying shop.0001_initial... OK" in output
    assert re.search(r"\d+ passed", output)

    folder = tmp_path / "mysite"
    write_app(blocks(README, "python")[0], folder)
    (folder / "tests" / "test_reduce.py").write_text(USE)
    run("python -m pytest -q tests/test_reduce.py", folder)


USE = """
from decimal import Decimal

from shop.models import Product


async def test_a_price_is_reduced_and_the_answer_is_what_was_stored(client, log_in, make):
    product = await make(Product, price=Decimal("3.00"))
    url = f"/api/shop/products/{product.id}/reduce"
    assert (await client.post(url, params={"percent": 50})).status_code == 401
    await log_in()
    assert Decimal((await client.post(url, params={"percent": 50})).json()["price"]) == Decimal("1.50")
    assert (await client.post(url, params={"percent": 100})).status_code == 422
    assert Decimal((await client.post(url, params={"percent": 50})).json()["price"]) == Decimal("0.75")
"""


def write_app(block: str, folder: Path) -> None:
    """Write the files of a block, each of which begins with a comment that names it."""
    _, *parts = re.split(r"^# (\w+/\w+\.py) .*$", block, flags=re.MULTILINE)
    for name, source in zip(parts[::2], parts[1::2], strict=True):
        (folder / name).write_text(source)
    for test in (folder / "shop" / "tests").glob("test_*.py"):
        test.unlink()
    for left in (folder / "shop" / "migrations").glob("0*.py"):
        left.unlink()


def test_the_app_that_a_plugin_describes_itself_by_is_one() -> None:
    (block,) = blocks(ROOT / "docs" / "how-to" / "plugin-apps.md", "python")
    names: dict[str, Any] = {"__name__": "framework_audit.apps"}
    exec(compile(block, "plugin-apps.md", "exec"), names)
    assert names["AuditConfig"]().app_label == "audit"


@pytest.mark.parametrize(
    "page", sorted(path.relative_to(ROOT) for path in ROOT.glob("**/*.md") if ".venv" not in path.parts), ids=str
)
def test_links_lead_somewhere(page: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#]*)#?([^)]*)\)", (ROOT / page).read_text()):
        if "://" not in target:
            path = (ROOT / page).parent / target if target else ROOT / page
            assert path.exists(), target
            assert not anchor or anchor in anchors(path), f"{target}#{anchor}"


def anchors(page: Path) -> set[str]:
    """Return what the headings of a page are linked by."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_table_of_contents_has_every_page() -> None:
    contents = (ROOT / "docs" / "README.md").read_text()
    for page in PAGES:
        name = page.relative_to("docs").as_posix().removesuffix("/README.md")
        assert name == "README.md" or f"]({name})" in contents, name


def codes_raised() -> Iterator[str]:
    """Yield the codes that the source gives to errors and messages."""
    for path in (ROOT / "framework").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.keyword) and node.arg == "code" and isinstance(node.value, ast.Constant):
                yield str(node.value.value)
            elif isinstance(node, ast.ClassDef):
                for line in node.body:
                    if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == "code":
                        yield str(ast.literal_eval(line.value))


def test_every_code_of_an_error_is_explained_once() -> None:
    explained = re.findall(r"^### (\S+)$", ERRORS.read_text(), flags=re.MULTILINE)
    assert len(explained) == len(set(explained))
    assert set(codes_raised()) - set(explained) == set()


@pytest.mark.parametrize("page", [page for page in PAGES if "```python" in (ROOT / page).read_text()], ids=str)
def test_the_examples_of_a_page_are_run_by_a_test(page: Path) -> None:
    tests = [path.read_text() for path in ROOT.glob("tests/**/*.py")]
    assert any(f'"{page.name}"' in text for text in tests), f"no test names {page.name}"


@pytest.mark.parametrize("page", [Path("README.md"), *PAGES], ids=str)
def test_commands_that_a_page_names_are_there(page: Path) -> None:
    catalogue = Catalogue()
    catalogue.add_core()
    catalogue.add_apps(f"framework.{name}" for name in BATTERIES)
    text = (ROOT / page).read_text()
    own = re.findall(r"^@commands\.command\(\)\n(?:async )?def (\w+)", text, flags=re.MULTILINE)
    named = re.findall(r"manage\.py ([a-z]+)\b(?!-)", text)
    assert set(named) - {"help", *own, *catalogue.entries} == set()
