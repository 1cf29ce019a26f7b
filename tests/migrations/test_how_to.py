"""The page on data migrations: its files run, there and back, on both databases."""

import re
from pathlib import Path

import sqlalchemy as sa
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser
from workbench import Base, column, key, model

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "data-migrations.md"
POST = model("blog", "Post", key, column("title", sa.String(200), nullable=False))


def files() -> dict[str, str]:
    """Return the files of the page by their names, in order."""
    document = Sybil([CodeBlockParser("python", evaluator=lambda _: None)]).parse(PAGE)
    texts = [example.region.parsed for example in document.examples()]
    found = [re.match(r"# blog/migrations/(\w+)\.py\n(.*)", text, re.DOTALL) for text in texts]
    assert all(found)
    return {match[1]: match[2] for match in found if match}


async def test_the_files_of_the_page_run_there_and_back(base: Base) -> None:
    base.workshop.make(POST)
    await base.migrate()
    await base.execute("INSERT INTO blog_post (id, title) VALUES (1, 'Hello World'), (2, 'Once upon a Time')")
    for name, text in files().items():
        (base.workshop.folders["blog"] / f"{name}.py").write_text(text)
    assert await base.migrate() == [f"blog.{name}" for name in files()]
    rows = "SELECT id, slug, words FROM blog_post ORDER BY id"
    assert await base.rows(rows) == [(1, "hello-world", 2), (2, "once-upon-a-time", 4)]
    indexes = await base.inspect(lambda found: found.get_indexes("blog_post"))
    assert [item["name"] for item in indexes] == ["ix_blog_post_slug"]

    names = [f"blog.{name}" for name in files()]
    await base.take_back(names[:2:-1])
    assert await base.rows("SELECT id, slug FROM blog_post ORDER BY id") == [
        (1, "hello-world"),
        (2, "once-upon-a-time"),
    ]
    await base.take_back(["blog.0004_post_slug_required", "blog.0003_fill_slug"])
    assert await base.rows("SELECT count(slug) FROM blog_post") == [(0,)]
    await base.take_back(["blog.0002_post_slug"])
    assert await base.rows("SELECT * FROM blog_post ORDER BY id") == [(1, "Hello World"), (2, "Once upon a Time")]
    assert await base.table_names() == {"blog_post"}
