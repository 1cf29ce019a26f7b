"""What models refer to is found before SQLAlchemy maps them, or named in one screen.

Each case runs in a process of its own: a class, once made, stays, and a failed configuration cannot be undone.
"""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

type Sources = dict[str, str]

HEAD = """
from typing import Optional
from sqlmodel import SQLModel
from framework.db import Field, Model, Relationship
"""

PROGRAM = """
import sys
from framework import Project, Settings
from framework.errors import FrameworkError

class Site(Settings):
    installed_apps: tuple[str, ...] = tuple(sys.argv[1:])

try:
    project = Project(Site())
    from framework.db import resolve_models
    resolve_models(project)
    import after
except FrameworkError as error:
    print(error)
"""

USERS = """
class User(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    name: str
"""


def load(folder: Path, models: Sources, *installed: str, before: str = "", after: str = "", head: str = HEAD) -> str:
    """Return what a project of these apps prints when it is loaded; `before` and `after` run around that."""
    for name, source in models.items():
        package = folder / name
        package.mkdir()
        (package / "__init__.py").touch()
        config = f"from framework import AppConfig\nclass Config(AppConfig):\n    name = {name!r}\n"
        (package / "apps.py").write_text(config)
        (package / "models.py").write_text(head + dedent(source))
    (folder / "after.py").write_text(dedent(after))
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"{before}\n{PROGRAM}", *(installed or models)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def post(field: str) -> str:
    return f"""
class Post(Model, table=True):
    id: int = Field(default=None, primary_key=True)
    author_id: int = Field(foreign_key="users.User.id")
    {field}
"""


@pytest.mark.parametrize(
    ("field", "message"),
    [
        (
            'author: "User" = Relationship(to="usres.User")',
            "blog.Post.author refers to 'usres.User', but no installed app is labelled 'usres'.\n"
            "  Hint: Did you mean 'users'?  [db.app-not-installed]",
        ),
        (
            'author: "User" = Relationship(to="users.Usr")',
            "blog.Post.author refers to 'users.Usr', but app 'users' has no such model.\n"
            "  Hint: Did you mean 'User'?  [db.unknown-model]",
        ),
        (
            'author: "User" = Relationship(to="blog.User")',
            "blog.Post.author refers to 'blog.User', which no app defines.\n"
            "  Hint: Did you mean 'users.User'? Write Relationship(to='users.User').  [db.unknown-model]",
        ),
        (
            'author: "User" = Relationship()',
            "blog.Post.author refers to 'blog.User', which no app defines.\n"
            "  Hint: Did you mean 'users.User'? Write Relationship(to='users.User').  [db.unknown-model]",
        ),
        (
            'author: "User" = Relationship(to="User")',
            "blog.Post.author refers to 'User', which is not of the form 'label.Class'.\n"
            "  Hint: Did you mean 'users.User'?  [db.unknown-model]",
        ),
        (
            'editors: list["User"] = Relationship(to="users.User", link_model="blog.Editing")',
            "blog.Post.editors refers to 'blog.Editing', but app 'blog' has no such model.\n"
            "  Hint: Choose from Post.  [db.unknown-model]",
        ),
        (
            'author: dict[str, "User"] = Relationship(to="users.User")',
            "The relationship blog.Post.author is annotated dict[str, 'User'], which names no single model.\n"
            "  Hint: Annotate it 'User', 'User | None' or list['User'].  [db.relationship-annotation]",
        ),
        (
            'author: "User" = Relationship(to="users.User", back_populates="posts")',
            "SQLAlchemy cannot map the models: Mapper 'Mapper[User(users_user)]' has no property 'posts'.  If this"
            " property was indicated from other mappers or configure events, ensure registry.configure() has been"
            " called.  [db.mapping]",
        ),
        (
            'author: "User" = Relationship(to="users.User", order_by="-nam")',
            "blog.Post.author refers to the field 'nam' of 'users.User', which has none of that name.\n"
            "  Hint: Did you mean 'name'?  [db.unknown-column]",
        ),
        (
            'author: "User" = Relationship(to="users.User", foreign_key="autor_id")',
            "blog.Post.author refers to the field 'autor_id' of 'blog.Post', which has none of that name.\n"
            "  Hint: Did you mean 'author_id'?  [db.unknown-column]",
        ),
        (
            'editor_id: int = Field(foreign_key="users.Usr.id")',
            "blog.Post.editor_id refers to 'users.Usr', but app 'users' has no such model.\n"
            "  Hint: Did you mean 'User'?  [db.unknown-model]",
        ),
        (
            'editor_id: int = Field(foreign_key="staff.Editor.id")',
            "blog.Post.editor_id refers to 'staff.Editor', but no installed app is labelled 'staff'.\n"
            "  Hint: Choose from blog, users.  [db.app-not-installed]",
        ),
        (
            'editor_id: int = Field(foreign_key="users.User.key")',
            "blog.Post.editor_id refers to the field 'key' of 'users.User', which has none of that name.\n"
            "  Hint: Choose from id, name.  [db.unknown-column]",
        ),
        (
            'editor_id: int = Field(foreign_key="user.id")',
            "blog.Post.editor_id refers to the table 'user', which no model has.\n"
            "  Hint: Did you mean 'users_user'? A model is named 'label.Class.field'.  [db.unknown-table]",
        ),
    ],
)
def test_what_is_not_there_is_named_with_the_nearest(tmp_path: Path, field: str, message: str) -> None:
    assert load(tmp_path, {"users": USERS, "blog": post(field)}) == message


def test_an_app_that_is_there_but_not_installed_is_named_by_its_package(tmp_path: Path) -> None:
    blog = "import users.models\n" + post('author: "User" = Relationship(to="users.User")')
    assert load(tmp_path, {"users": USERS, "blog": blog}, "blog") == (
        "blog.Post.author refers to 'users.User', but no installed app is labelled 'users'.\n"
        "  Hint: Add 'users' to installed_apps.  [db.app-not-installed]"
    )


def test_a_table_of_an_app_that_is_not_installed_is_no_table_of_the_project(tmp_path: Path) -> None:
    blog = """
    import users.models
    class Post(Model, table=True):
        id: int = Field(default=None, primary_key=True)
        author_id: int = Field(foreign_key="users_user.id")
    """
    assert load(tmp_path, {"users": USERS, "blog": blog}, "blog") == (
        "blog.Post.author_id refers to 'users.User', but no installed app is labelled 'users'.\n"
        "  Hint: Add 'users' to installed_apps.  [db.app-not-installed]"
    )


PLAIN = """
class Item(SQLModel, table=True):
    __tablename__ = "{0}_item"
    id: int | None = Field(default=None, primary_key=True)
    box_id: int | None = Field(default=None, foreign_key="{0}_box.id")
    box: Optional["Box"] = Relationship()

class Box(SQLModel, table=True):
    __tablename__ = "{0}_box"
    id: int | None = Field(default=None, primary_key=True)
"""


def test_plain_classes_of_one_name_are_named_before_they_break_every_mapper(tmp_path: Path) -> None:
    head = "from typing import Optional\nfrom sqlmodel import Field, Relationship, SQLModel\n"
    models = {"attic": PLAIN.format("attic"), "cellar": PLAIN.format("cellar")}
    assert load(tmp_path, models, head=head) == (
        "attic.Item.box refers to 'Box', which is the name of 2 models: attic.Box, cellar.Box.\n"
        "  Hint: Derive the class from framework.db.Model and write `Relationship(to='label.Class')`."
        "  [db.unknown-model]"
    )


def test_a_plain_relationship_to_nothing_is_named(tmp_path: Path) -> None:
    head = "from typing import Optional\nfrom sqlmodel import Field, Relationship, SQLModel\n"
    source = PLAIN.format("attic").replace('Optional["Box"]', 'Optional["Bax"]')
    assert load(tmp_path, {"attic": source}, head=head) == (
        "attic.Item.box refers to 'Bax', which no model is called.\n  Hint: Did you mean 'Box'?  [db.unknown-model]"
    )


def test_a_plain_class_works_and_its_constraints_have_names(tmp_path: Path) -> None:
    after = """
    from sqlalchemy.orm import configure_mappers
    from attic.models import Item
    configure_mappers()
    print(Item.__table__.primary_key.name, *(rule.name for rule in Item.__table__.foreign_key_constraints))
    """
    head = "from typing import Optional\nfrom sqlmodel import Field, Relationship, SQLModel\n"
    found = load(tmp_path, {"attic": PLAIN.format("attic")}, "framework.db", "attic", after=after, head=head)
    assert found == "pk_attic_item fk_attic_item_box_id"


FUTURE = """from __future__ import annotations
from typing import TYPE_CHECKING, List, Optional
from framework.db import Field, Model, Relationship
if TYPE_CHECKING:
    from users.models import User
    from shop.models import Tag
"""


def test_apps_share_class_names_and_relate_across_apps_with_postponed_annotations(tmp_path: Path) -> None:
    users = """
    class User(Model, table=True):
        id: int = Field(default=None, primary_key=True)
        posts: list[Post] = Relationship(to="blog.Post", back_populates="author")
        first: Optional[Tag] = Relationship(to="shop.Tag", back_populates="owner")
    """
    blog = """
    class Post(Model, table=True):
        id: int = Field(default=None, primary_key=True)
        author_id: int = Field(foreign_key="users.User.id")
        author: User | None = Relationship(to="users.User", back_populates="posts")
        tags: "List['Tag']" = Relationship(back_populates="post")

    class Tag(Model, table=True):
        id: int = Field(default=None, primary_key=True)
        post_id: int = Field(foreign_key="blog.Post.id")
        post: Post = Relationship(back_populates="tags")
    """
    shop = """
    class Tag(Model, table=True):
        id: int = Field(default=None, primary_key=True)
        owner_id: int = Field(foreign_key="users.User.id")
        owner: None | User = Relationship(to="users.User", back_populates="first")
    """
    after = """
    from sqlalchemy import inspect
    import blog.models as blog, shop.models as shop, users.models as users
    for model in (users.User, blog.Post, blog.Tag, shop.Tag):
        for name, relation in sorted(inspect(model).relationships.items()):
            other = relation.mapper.class_
            print(f"{model.__tablename__}.{name} {other.__tablename__} {relation.uselist}")
    """
    models = {"users": users, "blog": blog, "shop": shop}
    assert load(tmp_path, models, after=after, head=FUTURE).splitlines() == [
        "users_user.first shop_tag False",
        "users_user.posts blog_post True",
        "blog_post.author users_user False",
        "blog_post.tags blog_tag True",
        "blog_tag.post blog_post False",
        "shop_tag.owner users_user False",
    ]


def test_apps_that_refer_to_each_other_load_in_any_order(tmp_path: Path) -> None:
    users = """
    class User(Model, table=True):
        id: int = Field(default=None, primary_key=True)
        pinned_id: int | None = Field(default=None, foreign_key="blog.Post.id")
    """
    blog = post('author: "User" = Relationship(to="users.User")')
    after = """
    from framework.db import tables_of
    print(*(table.name for table in tables_of(__import__("__main__").project)))
    """
    assert load(tmp_path, {"users": users, "blog": blog}, "blog", "users", after=after)


def test_two_keys_to_one_model_need_their_names(tmp_path: Path) -> None:
    blog = post(
        'author: "User" = Relationship(to="users.User")\n    editor_id: int = Field(foreign_key="users.User.id")'
    )
    told = load(tmp_path, {"users": USERS, "blog": blog})
    assert told.startswith("SQLAlchemy cannot map the models: Could not determine join condition")
    assert told.endswith("  Hint: Name the field that refers: Relationship(foreign_key='author_id').  [db.mapping]")


def test_a_plain_class_may_name_a_model_in_a_foreign_key(tmp_path: Path) -> None:
    attic = """
    class Item(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        owner_id: int = Field(foreign_key="users.User.id")
    """
    after = """
    from attic.models import Item
    print(*(key.column for key in Item.__table__.foreign_keys))
    """
    assert load(tmp_path, {"attic": attic, "users": USERS}, after=after) == "users_user.id"


def test_two_apps_of_one_label_cannot_live_in_one_process(tmp_path: Path) -> None:
    after = """
    from pathlib import Path
    Path("other/apps.py").write_text(
        "from framework import AppConfig\\nclass Other(AppConfig):\\n    name = 'other'\\n    label = 'users'\\n"
    )
    import other.models
    """
    models = {"users": USERS, "other": USERS.replace("User", "Person")}
    assert load(tmp_path, models, "users", after=after) == (
        "Two apps in this process are labelled 'users': 'users' and 'other'.\n"
        f"  Hint: Set another `label` on Other in {tmp_path}/other/apps.py.  [db.label-taken]"
    )


def test_a_check_names_the_tables_made_before_the_convention(tmp_path: Path) -> None:
    head = "from typing import Optional\nfrom sqlmodel import Field, Relationship, SQLModel\n"
    after = """
    from framework.checks import run
    for message in run(__import__("__main__").project, tags=("models",)):
        print(message.code, message.text)
    """
    models = {"attic": PLAIN.format("attic")}
    told = load(tmp_path, models, "framework.db", "attic", before="import attic.models", after=after, head=head)
    assert told.splitlines() == [
        f"db.made-before Table 'attic_{name}' was made before framework.db was imported: its constraints have no names,"
        " so no migration can change them."
        for name in ("box", "item")
    ]
