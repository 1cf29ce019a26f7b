"""The page on testing: its tests pass on its app, and it names every fixture."""

import inspect
import re
from pathlib import Path

import pytest

from framework.testing import plugin
from tests.documents import HOW_TO, files
from tests.programs import write
from tests.testing.conftest import Run

PAGE = HOW_TO / "testing.md"

FILES = {
    "config/__init__.py": "",
    "config/settings.py": """
        from framework import Settings
        from framework.web import WebSettings


        class ProjectSettings(Settings):
            installed_apps: tuple[str, ...] = (
                "framework.db", "framework.migrations", "framework.cache", "framework.throttling", "framework.mail",
                "framework.users", "framework.auth", "shop",
            )
            web: WebSettings = WebSettings(prefix="/api")
    """,
    "manage.py": "from framework.management import main\nmain(settings='config.settings:ProjectSettings')\n",
    "shop/__init__.py": "",
    "shop/apps.py": "from framework import AppConfig\n\n\nclass C(AppConfig):\n    name = 'shop'\n",
    "shop/migrations/__init__.py": "",
    "shop/migrations/0001_initial.py": '''
        """Products."""

        import sqlalchemy as sa
        from alembic import op

        revision = "shop.0001_initial"
        down_revision = None


        def upgrade() -> None:
            op.create_table(
                "shop_product",
                sa.Column("id", sa.Integer(), primary_key=True),
                sa.Column("name", sa.String(), nullable=False),
                sa.Column("price", sa.Float(), nullable=False),
            )
    ''',
}


@pytest.mark.timeout(180)
def test_the_tests_of_the_page_pass(run: Run) -> None:
    write(run.folder, {**FILES, **files(PAGE)})
    code, output = run("-p", "no:xdist", "tests")
    assert code == 0, output
    of_page = sum(text.count("def test_") for text in files(PAGE).values())
    assert of_page == 7
    assert int(re.findall(r"(\d+) passed", output)[0]) > of_page + 20  # the suite of the caches


def test_the_page_names_every_fixture() -> None:
    source = inspect.getsource(plugin)
    fixtures = re.findall(r"@pytest\.fixture(?!\(scope).*\n(?:async )?def ([a-z]\w+)", source)
    table = set(re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| (`.*?) \|", PAGE.read_text(), flags=re.MULTILINE))))
    assert len(fixtures) > 10
    assert table == set(fixtures)


def test_the_variables_of_the_page_are_read() -> None:
    read = (Path(plugin.__file__).parent / "servers.py").read_text()
    for name in set(re.findall(r"TEST_\w+", PAGE.read_text())):
        assert name in read
