"""The page on models and queries: its files make a project, its table of what Django does runs, on both databases."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents import HOW_TO, files
from tests.programs import QUIET, write

PAGE = HOW_TO / "models-and-queries.md"

SETTINGS = """
from framework import Settings
from framework.db import DatabaseSettings


class ProjectSettings(Settings):
    installed_apps: tuple[str, ...] = ("framework.db", "framework.cache", "framework.mail", "framework.throttling",
                                       "framework.users", "framework.auth", "blog")
    database: DatabaseSettings = DatabaseSettings(url="{url}")
"""

USE = """
import ast

import pytest
from blog.imports import import_tags, in_the_background, watch
from blog.models import Comment, Post, PostTag, Tag
from blog.schemas import PostFields
from blog.services import Blog, Posts, Reading
from framework.db import ConstraintConflict, Repository, Session, Window, col, select
from framework.errors import FrameworkError
from framework.users.models import User
from sqlalchemy import func, or_


async def test_a_post_is_written_changed_published_and_listed(client, log_in):
    await log_in()
    written = await client.post("/posts", json={"slug": "hello", "title": "Hello"})
    assert written.status_code == 201, written.text
    post = written.json()
    assert post["tags"] == [{"name": "new"}]
    again = await client.post("/posts", json={"slug": "hello", "title": "Hello"})
    assert again.status_code == 409
    assert {field["name"] for field in again.json()["errors"]} == {"author_id", "slug"}
    changed = await client.patch(f"/posts/{post['id']}", json={"title": "Hello World"})
    assert (changed.json()["title"], changed.json()["slug"]) == ("Hello World", "hello")
    assert (await client.post(f"/posts/{post['id']}/publish")).status_code == 204
    assert (await client.post("/posts/0/publish")).status_code == 404
    asked = "?q=hello&published=true&tag=new&order=-views,title&limit=10&offset=0"
    page = (await client.get("/posts" + asked)).json()
    assert (page["total"], page["items"]) == (1, [changed.json()])
    assert (await client.get("/posts?tag=old")).json()["total"] == 0
    assert (await client.get("/posts?slug=hello")).status_code == 422


async def test_a_feed_goes_on_where_it_ended(client, make):
    user = await make(User)
    posts = [await make(Post, author_id=user.id, slug=slug) for slug in "abc"]
    first = (await client.get("/posts/feed?limit=2")).json()
    second = (await client.get(f"/posts/feed?limit=2&cursor={first['next']}")).json()
    assert [item["id"] for item in first["items"] + second["items"]] == [post.id for post in reversed(posts)]
    assert second["next"] is None


async def test_the_services_do_what_the_page_says(project, scope, make):
    user = await make(User)
    blog = await scope.get(Blog)
    post = await blog.write(user, PostFields(slug="a", title="A"), ["x", "y"])
    assert [tag.name for tag in post.tags] == ["x", "y"]
    await blog.see(post.id)
    assert post.views == 1
    await (await scope.get(Posts)).publish(post.id)
    await (await scope.get(Session)).commit()
    await make(Comment, post_id=post.id)
    reading = await scope.get(Reading)
    assert await reading.latest(5) == ["A"]
    assert await reading.busiest() == [("A", 1)]
    post.views = 0
    await blog.archive()
    await blog.session.refresh(post)
    assert not post.published


async def test_a_relationship_that_was_not_loaded_is_an_error(project, make):
    post = await make(Post)
    async with project.scope() as scope:
        found = await (await scope.get(Posts)).get(post.id)
        with pytest.raises(FrameworkError) as caught:
            found.tags
        assert caught.value.code == "db.not-loaded"
        await (await scope.get(Session)).refresh(found, ["tags"])
        assert found.tags == []


async def test_savepoints_hooks_and_changes(project):
    done, seen = [], []
    await watch(project, seen)
    await in_the_background(project, done)
    assert done == ["a", "b"]
    assert seen == [True]


async def test_the_other_column_of_the_table_runs(project, make, cells):
    user = await make(User, email="a@example.com")
    await make(Post, author_id=user.id, slug="a", title="A")
    async with project.scope() as scope:
        names = {**globals(), "session": await scope.get(Session)}
        names |= {"posts": await scope.get(Posts), "tags": await scope.get(Repository[Tag])}
        names["post"] = await names["posts"].get(1)
        found = {}
        for cell in cells:
            code = compile(cell, cell, "eval", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            result = eval(code, names)
            found[cell] = await result if code.co_flags & 0x80 else result
    one = names["post"]
    assert list(found.values())[:5] == [one, one, one, [one], [one]]
    assert list(found.values())[-2:] == [None, 1]
    assert found["await posts.count(published=True)"] == 0
    assert len(found) > 20
"""

CELLS = """
import pytest

@pytest.fixture
def cells():
    return {cells!r}
"""


def cells() -> list[str]:
    """Return the code in the right column of the table."""
    _, _, table = PAGE.read_text().partition("| Django | here |")
    rows = re.findall(r"^\| .* \| (`.*`) \|$", table.partition("\n\n")[0], flags=re.MULTILINE)
    assert len(rows) > 20
    return [cell.replace("\\|", "|") for row in rows for cell in re.findall(r"`([^`]+)`", row)]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("url", ["sqlite:///db.sqlite3", "postgresql://localhost/blog"], ids=["sqlite", "postgres"])
def test_the_app_of_the_page_runs_as_the_page_says(tmp_path: Path, url: str) -> None:
    write(tmp_path, files(PAGE))
    write(
        tmp_path,
        {
            "site_settings.py": SETTINGS.format(url=url),
            "blog/__init__.py": "",
            "blog/apps.py": "from framework import AppConfig\n\n\nclass C(AppConfig):\n    name = 'blog'\n",
            "tests/conftest.py": CELLS.format(cells=cells()),
            "tests/test_use.py": USE,
            "pyproject.toml": '[tool.pytest.ini_options]\nanyio_mode = "auto"\npythonpath = ["."]\n'
            'filterwarnings = ["error"]\nframework_settings = "site_settings:ProjectSettings"\n',
        },
    )
    command = [sys.executable, "-m", "pytest", "-q", *QUIET, "-p", "no:xdist"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 passed" in done.stdout
