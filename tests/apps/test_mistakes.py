"""The mistakes people make with apps, and the whole of what they read."""
# ruff: noqa: E501 — whole messages, as people read them

from collections.abc import Callable, Mapping

import pytest

from tests.apps.conftest import Tree, app, distribution, settings

BLOG = app("blog")

MISTAKES: dict[str, tuple[Tree, str]] = {
    "an app that is near another": (
        {**settings("blog", "shpo"), **BLOG, **app("shop")},
        """
        There is no app 'shpo' (installed_apps[1], /p/settings.py:7).
          Hint: Did you mean 'shop'?  [apps.not-found]
        """,
    ),
    "an app that is near nothing": (
        {**settings("blog", "warehouse"), **BLOG},
        """
        There is no app 'warehouse' (installed_apps[1], /p/settings.py:7).
          Hint: Make it with `python manage.py startapp warehouse`, or install the package that brings it.  [apps.not-found]
        """,
    ),
    "an app of Django's": (
        {**settings("django.contrib.messages", "blog"), **BLOG},
        """
        There is no app 'django.contrib.messages' (installed_apps[0], /p/settings.py:6).
          Hint: Make it with `python manage.py startapp`, or install the package that brings it.  [apps.not-found]
        """,
    ),
    "an app of the framework, misspelt": (
        {**settings("framework.cahce", "blog"), **BLOG},
        """
        There is no app 'framework.cahce' (installed_apps[0], /p/settings.py:6).
          Hint: Did you mean 'framework.cache'?  [apps.not-found]
        """,
    ),
    "two apps without a comma between them": (
        {**settings("framework.dbblog"), **BLOG},
        """
        There is no app 'framework.dbblog' (installed_apps[0], /p/settings.py:6).
          Hint: A comma is missing: 'framework.db', 'blog'.  [apps.not-found]
        """,
    ),
    "an app with a space": (
        {**settings(" blog"), **BLOG},
        """
        There is no app ' blog' (installed_apps[0], /p/settings.py:6).
          Hint: Did you mean 'blog'?  [apps.not-found]
        """,
    ),
    "an app of a list that the settings build on": (
        {
            "settings.py": """\
                from framework import Settings

                BASE = (
                    "shpo",
                )


                class CommonSettings(Settings):
                    installed_apps: tuple[str, ...] = (*BASE, "blog")


                class ProjectSettings(CommonSettings):
                    debug: bool = True
            """,
            **BLOG,
            **app("shop"),
        },
        """
        There is no app 'shpo' (installed_apps[0], /p/settings.py:4).
          Hint: Did you mean 'shop'?  [apps.not-found]
        """,
    ),
    "an app that no line of the settings names": (
        {
            "settings.py": """\
                from common import APPS
                from framework import Settings


                class ProjectSettings(Settings):
                    installed_apps: tuple[str, ...] = ("blog", *APPS)
            """,
            "common.py": "APPS = ('shpo',)",
            **BLOG,
            **app("shop"),
        },
        """
        There is no app 'shpo' (installed_apps[1], ProjectSettings in /p/settings.py:6).
          Hint: Did you mean 'shop'?  [apps.not-found]
        """,
    ),
    "an app that the environment names": (
        {**settings(), ".env": 'INSTALLED_APPS=["blog", "shpo"]', **BLOG, **app("shop")},
        """
        There is no app 'shpo' (installed_apps[1], INSTALLED_APPS in /p/.env:1).
          Hint: Did you mean 'shop'?  [apps.not-found]
        """,
    ),
    "a string in the place of a tuple": (
        {
            "settings.py": """\
                from framework import Settings

                class ProjectSettings(Settings):
                    installed_apps: tuple[str, ...] = ("blog")
            """,
            **BLOG,
        },
        """
        1 setting cannot be used:
          installed_apps: found 'blog'; wanted a list; from ProjectSettings in /p/settings.py:4  [conf.invalid]
        """,
    ),
    "a class path as in Django": (
        {**settings("blog.apps.BlogConfig"), **BLOG},
        """
        'blog.apps.BlogConfig' (installed_apps[0], /p/settings.py:6) is no package; an entry names the app's package.
          Hint: Write 'blog'.  [apps.not-found]
        """,
    ),
    "a module of an app": (
        {**settings("blog.models"), **app("blog", {"models.py": ""})},
        """
        'blog.models' (installed_apps[0], /p/settings.py:6) is no package; an entry names the app's package.
          Hint: Write 'blog'.  [apps.not-found]
        """,
    ),
    "a single module": (
        {**settings("notes"), "notes.py": ""},
        """
        'notes' (installed_apps[0], /p/settings.py:6) is a single module, /p/notes.py; an app is a package.
          Hint: Make it a folder: notes/__init__.py and notes/apps.py.  [apps.not-found]
        """,
    ),
    "a package without apps.py": (
        {**settings("legacy_code"), "legacy_code/__init__.py": ""},
        """
        'legacy_code' (installed_apps[0], /p/settings.py:6) is no app: it has no apps.py.
          Hint: Write /p/legacy_code/apps.py:

            from framework import AppConfig


            class LegacyCodeConfig(AppConfig):
                name = "legacy_code"
          [apps.no-config]
        """,
    ),
    "an apps.py without an AppConfig": (
        {**settings("blog"), "blog/__init__.py": "", "blog/apps.py": "from framework import AppConfig\n"},
        """
        /p/blog/apps.py defines no AppConfig; wanted exactly one.
          Hint: Write there:

            from framework import AppConfig


            class BlogConfig(AppConfig):
                name = "blog"
          [apps.no-config]
        """,
    ),
    "two AppConfigs": (
        {
            **settings("blog"),
            **app("blog"),
            "blog/apps.py": """\
                from framework import AppConfig

                class BlogConfig(AppConfig):
                    name = "blog"

                class OtherConfig(AppConfig):
                    name = "blog"
            """,
        },
        """
        /p/blog/apps.py defines 2 AppConfigs, BlogConfig (line 3) and OtherConfig (line 6); wanted exactly one.
          Hint: Keep one. A base class for several apps belongs in a module that is no apps.py.  [apps.two-configs]
        """,
    ),
    "an AppConfig without a name": (
        {
            **settings("blog"),
            "blog/__init__.py": "",
            "blog/apps.py": "from framework import AppConfig\n\n\nclass BlogConfig(AppConfig):\n    label = 'blog'\n",
        },
        """
        blog.apps.BlogConfig (/p/blog/apps.py:4) has no name.
          Hint: Write name = "blog" in it.  [apps.name]
        """,
    ),
    "an AppConfig with another name": (
        {**settings("blog"), **app("blog", name="weblog")},
        """
        blog.apps.BlogConfig (/p/blog/apps.py:4) has name = 'weblog', but is the app of the package 'blog'.
          Hint: Write name = "blog" in it.  [apps.name]
        """,
    ),
    "a label that is no identifier": (
        {**settings("blog"), **app("blog", label="my-blog")},
        """
        blog.apps.BlogConfig (/p/blog/apps.py:4) has label = 'my-blog', which is no Python identifier.
          Hint: Write label = "my_blog" in it.  [apps.label]
        """,
    ),
    "a label that is a keyword": (
        {**settings("blog"), **app("blog", label="class")},
        """
        blog.apps.BlogConfig (/p/blog/apps.py:4) has label = 'class', which is no Python identifier.
          Hint: Write label = "class_" in it.  [apps.label]
        """,
    ),
    "one app twice": (
        {**settings("blog", "shop", "blog"), **BLOG, **app("shop")},
        """
        Two apps have the label 'blog': 'blog' (installed_apps[0], /p/settings.py:6) and 'blog' (installed_apps[2], /p/settings.py:8).
          Hint: Remove one of the two entries.  [apps.label-taken]
        """,
    ),
    "two apps with one label": (
        {**settings("blog", "shop.blog"), **BLOG, "shop/__init__.py": "", **app("shop.blog")},
        """
        Two apps have the label 'blog': 'blog' (installed_apps[0], /p/settings.py:6) and 'shop.blog' (installed_apps[1], /p/settings.py:7).
          Hint: Write label = "shop_blog" in BlogConfig of /p/shop/blog/apps.py.  [apps.label-taken]
        """,
    ),
    "a requirement that is placed after": (
        {**settings("blog", "stock"), **app("blog", requires=("stock",)), **app("stock")},
        """
        App 'blog' requires 'stock', which is not installed before it.
          Hint: Put 'stock' (installed_apps[1], /p/settings.py:7) above 'blog' (installed_apps[0], /p/settings.py:6).  [apps.order]
        """,
    ),
    "a requirement that is there and not installed": (
        {**settings("blog"), **app("blog", requires=("stock",)), "depot/__init__.py": "", **app("depot.stock")},
        """
        App 'blog' requires 'stock', which is not installed.
          Hint: Add 'depot.stock' above 'blog' (installed_apps[0], /p/settings.py:6).  [apps.requires]
        """,
    ),
    "a requirement that nobody has": (
        {**settings("blog"), **app("blog", requires=("warehouse",))},
        """
        App 'blog' requires 'warehouse', which is not installed.
          Hint: Install the package that brings 'warehouse', and add it above 'blog' (installed_apps[0], /p/settings.py:6).  [apps.requires]
        """,
    ),
    "a requirement with a typo": (
        {**settings("stock", "blog"), **app("stock"), **app("blog", requires=("stok",))},
        """
        App 'blog' requires 'stok', which is not installed.
          Hint: Did you mean 'stock'? Correct requires in /p/blog/apps.py.  [apps.requires]
        """,
    ),
    "requirements of each other": (
        {**settings("blog", "shop"), **app("blog", requires=("shop",)), **app("shop", requires=("blog",))},
        """
        Apps 'blog' and 'shop' require each other; neither can come first.
          Hint: Take one out of requires in /p/blog/apps.py or /p/shop/apps.py.  [apps.order]
        """,
    ),
    "a requirement of itself": (
        {**settings("blog"), **app("blog", requires=("blog",))},
        """
        App 'blog' requires itself.
          Hint: Take it out of requires in /p/blog/apps.py.  [apps.order]
        """,
    ),
    "requires as a string": (
        {**settings("blog"), **app("blog", requires="db")},
        """
        blog.apps.BlogConfig (/p/blog/apps.py:4) has requires = 'db'; wanted a tuple of labels.
          Hint: Write requires = ('db',) with the comma.  [apps.requires]
        """,
    ),
    "models that import each other": (
        {
            **settings("blog", "shop"),
            **app("blog", {"models.py": "from shop.models import Order\n\nclass Post: ...\n"}),
            **app("shop", {"models.py": "import os\n\nfrom blog.models import Post\n\nclass Order: ...\n"}),
        },
        """
        Apps import each other in a circle: blog.models -> shop.models -> blog.models.
          Hint: In /p/shop/models.py:3 import Post under `if TYPE_CHECKING:` only, and name it by its string: Relationship(to="blog.Post"), Field(foreign_key="blog.Post.id").  [apps.circular-import]
        """,
    ),
    "models that import each other by module": (
        {
            **settings("blog", "shop"),
            **app("blog", {"models.py": "import shop.models\n\nclass Post(shop.models.Order): ...\n"}),
            **app("shop", {"models.py": "import blog.models\n\nclass Order(blog.models.Post): ...\n"}),
        },
        """
        Apps import each other in a circle: blog.models -> shop.models -> blog.models.
          Hint: In /p/shop/models.py:3 import blog.models under `if TYPE_CHECKING:` only, and name it by its string: Relationship(to="blog.Model"), Field(foreign_key="blog.Model.id").  [apps.circular-import]
        """,
    ),
    "models that import each other through a third app, and by its label": (
        {
            **settings("a", "b", "c"),
            **app("a", {"models.py": "from b.models import B\n"}),
            **app("b", {"models.py": "from c.models import C\n\nclass B: ...\n"}, label="second"),
            **app("c", {"models.py": "from c.deep import B\n\nclass C: ...\n", "deep.py": "from b.models import B\n"}),
        },
        """
        Apps import each other in a circle: b.models -> c.models -> c.deep -> b.models.
          Hint: In /p/c/deep.py:1 import B under `if TYPE_CHECKING:` only, and name it by its string: Relationship(to="second.B"), Field(foreign_key="second.B.id").  [apps.circular-import]
        """,
    ),
    "services that import each other": (
        {
            **settings("blog", "shop"),
            **app("blog", {"services.py": "from shop.services import Orders\n\nclass Posts: ...\n"}),
            **app("shop", {"services.py": "from blog.services import Posts\n\nclass Orders: ...\n"}),
        },
        """
        Apps import each other in a circle: blog.services -> shop.services -> blog.services.
          Hint: In /p/shop/services.py:1 import it where it is used, or move what both need into a module that imports neither.  [apps.circular-import]
        """,
    ),
    "an async ready": (
        {
            **settings("blog"),
            **app("blog"),
            "blog/apps.py": """\
                from framework import AppConfig

                class BlogConfig(AppConfig):
                    name = "blog"

                    async def ready(self, project): ...
            """,
        },
        """
        blog.apps.BlogConfig.ready (/p/blog/apps.py:6) is async; wanted a plain function.
          Hint: Provide services in ready(), and await in lifespan().  [apps.ready]
        """,
    ),
    "a lifespan without its decorator": (
        {
            **settings("blog"),
            **app("blog"),
            "blog/apps.py": """\
                from framework import AppConfig

                class BlogConfig(AppConfig):
                    name = "blog"

                    async def lifespan(self, project):
                        yield
            """,
        },
        """
        blog.apps.BlogConfig.lifespan (/p/blog/apps.py:6) gives async_generator; wanted an async context manager.
          Hint: Decorate it with @asynccontextmanager of contextlib, and `yield` once in it.  [apps.lifespan]
        """,
    ),
    "a lifespan without a yield": (
        {
            **settings("blog"),
            **app("blog"),
            "blog/apps.py": """\
                from framework import AppConfig

                class BlogConfig(AppConfig):
                    name = "blog"

                    async def lifespan(self, project): ...
            """,
        },
        """
        blog.apps.BlogConfig.lifespan (/p/blog/apps.py:6) gives coroutine; wanted an async context manager.
          Hint: Decorate it with @asynccontextmanager of contextlib, and `yield` once in it.  [apps.lifespan]
        """,
    ),
    "an entry point that names no module": (
        {**settings("audit"), **distribution("acme-audit", audit="acme_audit.apps:AuditConfig")},
        """
        'audit' (installed_apps[0], /p/settings.py:6) is the entry point 'acme_audit.apps:AuditConfig' of acme-audit, and there is no module 'acme_audit'.  [apps.entry-point]
        """,
    ),
    "an entry point that names nothing in its module": (
        {
            **settings("audit"),
            **app("acme_audit", label="audit"),
            **distribution("acme-audit", audit="acme_audit.apps:AuditConfig"),
        },
        """
        'audit' (installed_apps[0], /p/settings.py:6) is the entry point 'acme_audit.apps:AuditConfig' of acme-audit, which is nothing; wanted a subclass of AppConfig.
          Hint: Its pyproject.toml must name the class in /p/acme_audit/apps.py.  [apps.entry-point]
        """,
    ),
    "an entry point that names another class": (
        {
            **settings("audit"),
            "acme/__init__.py": "",
            "acme/apps.py": "Audit = 3",
            **distribution("acme", audit="acme.apps:Audit"),
        },
        """
        'audit' (installed_apps[0], /p/settings.py:6) is the entry point 'acme.apps:Audit' of acme, which is 3; wanted a subclass of AppConfig.
          Hint: Its pyproject.toml must name the class in /p/acme/apps.py.  [apps.entry-point]
        """,
    ),
    "a package and an entry point of one name": (
        {
            **settings("audit"),
            **app("audit"),
            **app("acme_audit"),
            **distribution("acme-audit", audit="acme_audit.apps:Acme_AuditConfig"),
        },
        """
        'audit' (installed_apps[0], /p/settings.py:6) is two apps: audit.apps.AuditConfig (/p/audit/apps.py:4) and acme_audit.apps.Acme_AuditConfig (/p/acme_audit/apps.py:4), an entry point of acme-audit.
          Hint: Write 'acme_audit' for the plugin, or rename the package 'audit'.  [apps.ambiguous]
        """,
    ),
    "one entry point of two distributions": (
        {
            **settings("audit"),
            **distribution("acme-audit", audit="acme_audit.apps:AuditConfig"),
            **distribution("other-audit", audit="other_audit.apps:AuditConfig"),
        },
        """
        'audit' (installed_apps[0], /p/settings.py:6) is an entry point of more than one distribution: acme-audit (acme_audit.apps:AuditConfig) and other-audit (other_audit.apps:AuditConfig).
          Hint: Write the package of the one you mean in its place.  [apps.ambiguous]
        """,
    ),
    "a replaced service that is not there": (
        {
            **settings("blog", body='services: dict[str, str] = {"blog.services:Posts": "blog.services:QuietPots"}'),
            **app("blog", {"services.py": "class Posts: ...\nclass QuietPosts: ...\n"}),
        },
        """
        settings.services['blog.services:Posts']: 'blog.services:QuietPots' names nothing: blog.services has no 'QuietPots'.
          Hint: Did you mean 'QuietPosts'?  [services.replacement]
        """,
    ),
    "a replaced service without its colon": (
        {
            **settings("blog", body='services: dict[str, str] = {"blog.services.Posts": "blog.services:Posts"}'),
            **app("blog", {"services.py": "class Posts: ...\n"}),
        },
        """
        settings.services['blog.services.Posts']: 'blog.services.Posts' is not an import path.
          Hint: Write it as 'blog.services:Posts'.  [services.replacement]
        """,
    ),
    "a replaced service in no module": (
        {
            **settings("blog", body='services: dict[str, str] = {"blgo.services:Posts": "blog.services:Posts"}'),
            **app("blog", {"services.py": "class Posts: ...\n"}),
        },
        """
        settings.services['blgo.services:Posts']: 'blgo.services:Posts' names nothing: there is no module 'blgo'.
          Hint: Check the spelling, and that the package is installed or stands in the project's folder.  [services.replacement]
        """,
    ),
    "services in a circle": (
        {
            **settings("blog"),
            **app(
                "blog",
                {
                    "services.py": """\
                        from framework import service

                        @service
                        class Hen:
                            def __init__(self, egg: "Egg"): ...

                        @service
                        class Egg:
                            def __init__(self, hen: Hen): ...
                    """
                },
            ),
        },
        """
        Services need each other in a circle: blog.services.Egg -> blog.services.Hen -> blog.services.Egg.
          Hint: Move what both need into a third one, or take `scope: Scope` and `await scope.get(...)` when it is used.  [services.cycle]
        """,
    ),
    "a service that nothing provides": (
        {
            **settings("blog"),
            **app(
                "blog",
                {
                    "services.py": """\
                        from framework import service

                        class Cache: ...

                        @service
                        class Posts:
                            def __init__(self, cache: Cache): ...
                    """
                },
            ),
        },
        """
        Nothing provides blog.services.Cache, which parameter 'cache' of blog.services.Posts (/p/blog/services.py:5) asks for.
          Hint: Put the app that provides it in installed_apps, mark its class with @service in services.py, or give it to project.services in AppConfig.ready().  [services.not-found]
        """,
    ),
}


@pytest.fixture(scope="module")
def said(load_all: Callable[[Mapping[str, Tree]], dict[str, str]]) -> dict[str, str]:
    return load_all({name: files for name, (files, _) in MISTAKES.items()})


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_in_full(mistake: str, said: dict[str, str]) -> None:
    wanted = "\n".join(line.removeprefix(" " * 8) for line in MISTAKES[mistake][1].strip("\n").rstrip().splitlines())
    assert said[mistake] == wanted
