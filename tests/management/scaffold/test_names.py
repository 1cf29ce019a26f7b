"""The template's names in every form that they take."""

import pytest

from framework.errors import CommandError
from framework.management.scaffold.names import Names, pluralize, rename


@pytest.mark.parametrize(
    ("word", "plural"),
    [("item", "items"), ("category", "categories"), ("day", "days"), ("box", "boxes"), ("branch", "branches")],
)
def test_a_regular_noun_has_its_plural(word: str, plural: str) -> None:
    assert pluralize(word) == plural


def test_a_class_name_becomes_words() -> None:
    names = Names("shop", "HTTPLogEntry")
    assert (names.singular, names.plural, names.config) == ("http_log_entry", "http_log_entries", "ShopConfig")


@pytest.mark.parametrize("model", ["blogPost", "Blog Post", "1", "None"])
def test_a_name_that_cannot_be_a_class_is_refused(model: str) -> None:
    with pytest.raises(CommandError, match="is not a valid model name"):
        Names("shop", model)


def test_code_paths_and_prose_change_each_in_its_way() -> None:
    source = '''"""An item of the app, and more items."""
from app.services import ItemService
URL = "/api/app/items"
async def list_items(item: ItemService) -> dict[str, str]:
    """Return an item."""
    return {"items": f"{item['id']}", "x": "app"}
'''
    assert (
        rename(source, Names("shop", "BlogPost"))
        == '''"""A blog post of the app, and more blog posts."""
from shop.services import BlogPostService
URL = "/api/shop/blog-posts"
async def list_blog_posts(blog_post: BlogPostService) -> dict[str, str]:
    """Return a blog post."""
    return {"items": f"{blog_post['id']}", "x": "shop"}
'''
    )
