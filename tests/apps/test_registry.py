"""What loads, in which order, and whose error it is when an app breaks."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType

import pytest

from framework.apps import Apps
from framework.apps.discovery import plugins
from framework.errors import AppNotFound
from tests.apps.conftest import Tree, app, distribution, settings, write

RAISING: dict[str, tuple[Tree, str]] = {
    "an error in models": (
        {**settings("blog"), **app("blog", {"models.py": "def table():\n    return 1 / 0\n\ntable()\n"})},
        """
  File "/p/blog/models.py", line 4, in <module>
    table()
  File "/p/blog/models.py", line 2, in table
    return 1 / 0
           ~~^~~
ZeroDivisionError: division by zero
While loading the app 'blog' (installed_apps[0], /p/settings.py:6).
""",
    ),
    "a library that is not installed": (
        {**settings("blog"), **app("blog", {"services.py": "import pillow_of_old\n"})},
        """
  File "/p/blog/services.py", line 1, in <module>
    import pillow_of_old
ModuleNotFoundError: No module named 'pillow_of_old'
While loading the app 'blog' (installed_apps[0], /p/settings.py:6).
""",
    ),
    "a missing module of the app's own": (
        {**settings("blog"), **app("blog", {"services.py": "import blog.models\n"})},
        """
  File "/p/blog/services.py", line 1, in <module>
    import blog.models
ModuleNotFoundError: No module named 'blog.models'
While loading the app 'blog' (installed_apps[0], /p/settings.py:6).
""",
    ),
    "a package that cannot be imported": (
        {**settings("blog"), **app("blog"), "blog/__init__.py": "import blog_of_old\n"},
        """
  File "/p/blog/__init__.py", line 1, in <module>
    import blog_of_old
ModuleNotFoundError: No module named 'blog_of_old'
While loading the app 'blog' (installed_apps[0], /p/settings.py:6).
""",
    ),
    "a missing name in apps.py": (
        {**settings("blog"), **app("blog"), "blog/apps.py": "from framework import AppConfing\n"},
        """
  File "/p/blog/apps.py", line 1, in <module>
    from framework import AppConfing
ImportError: cannot import name 'AppConfing' from 'framework' (FRAMEWORK). Did you mean: 'AppConfig'?
While loading the app 'blog' (installed_apps[0], /p/settings.py:6).
""",
    ),
    "a syntax error": (
        {**settings("blog"), **app("blog", {"models.py": "class Post\n"})},
        """
  File "/p/blog/models.py", line 1
    class Post
              ^
SyntaxError: expected ':'
While loading the app 'blog' (installed_apps[0], /p/settings.py:6).
""",
    ),
    "modules of one app that import each other": (
        {
            **settings("blog"),
            **app("blog", {"models.py": "from blog.tools import tool\n", "tools.py": "from blog.models import Post\n"}),
        },
        """
  File "/p/blog/models.py", line 1, in <module>
    from blog.tools import tool
  File "/p/blog/tools.py", line 1, in <module>
    from blog.models import Post
ImportError: cannot import name 'Post' from partially initialized module 'blog.models' (most likely due to a circular import) (/p/blog/models.py)
While loading the app 'blog' (installed_apps[0], /p/settings.py:6).
""",  # noqa: E501 — Python's own line
    ),
    "a plugin that misses a library": (
        {
            **settings("audit"),
            **app("acme_audit"),
            "acme_audit/apps.py": "import acme_of_old\n",
            **distribution("acme-audit", audit="acme_audit.apps:AuditConfig"),
        },
        """
  File "/p/acme_audit/apps.py", line 1, in <module>
    import acme_of_old
ModuleNotFoundError: No module named 'acme_of_old'
While loading the app 'audit' (installed_apps[0], /p/settings.py:6).
""",
    ),
    "an error in ready": (
        {
            **settings("blog"),
            "blog/__init__.py": "",
            "blog/apps.py": """\
                from framework import AppConfig

                class BlogConfig(AppConfig):
                    name = "blog"

                    def ready(self, project):
                        raise KeyError("BLOG_TOKEN")
            """,
        },
        """
  File "/p/blog/apps.py", line 7, in ready
    raise KeyError("BLOG_TOKEN")
KeyError: 'BLOG_TOKEN'
""",
    ),
}

LOADING: dict[str, tuple[Tree, str]] = {
    "no apps": (settings(), "loaded "),
    "apps in order": (
        {**settings("shop.orders", "blog"), "shop/__init__.py": "", **app("shop.orders"), **app("blog")},
        "loaded 'orders' of shop.orders, 'blog' of blog",
    ),
    "a requirement before": (
        {**settings("blog", "shop"), **app("blog", label="weblog"), **app("shop", requires=("weblog",))},
        "loaded 'weblog' of blog, 'shop' of shop",
    ),
    "a plugin by its entry point": (
        {
            **settings("audit"),
            **app("acme_audit", label="audit"),
            **distribution("acme-audit", audit="acme_audit.apps:Acme_AuditConfig"),
        },
        "loaded 'audit' of acme_audit",
    ),
    "a plugin by its package": (
        {
            **settings("acme_audit"),
            **app("acme_audit"),
            **distribution("acme-audit", audit="acme_audit.apps:Acme_AuditConfig"),
        },
        "loaded 'acme_audit' of acme_audit",
    ),
    "a plugin whose entry point is named as its package": (
        {**settings("audit"), **app("audit"), **distribution("audit", audit="audit.apps:AuditConfig")},
        "loaded 'audit' of audit",
    ),
    "a plugin named as a package that is no app": (
        {
            **settings("audit"),
            "audit/__init__.py": "",
            **app("acme_audit"),
            **distribution("acme-audit", audit="acme_audit.apps:Acme_AuditConfig"),
        },
        "loaded 'acme_audit' of acme_audit",
    ),
    "an apps.py that imports a base class": (
        {
            **settings("blog"),
            **app("blog"),
            "blog/apps.py": "from base import Base\n\nclass BlogConfig(Base):\n    name = 'blog'\n",
            "base.py": "from framework import AppConfig\n\nclass Base(AppConfig): ...\n",
        },
        "loaded 'blog' of blog",
    ),
    "apps and services as packages": (
        {
            **settings("blog"),
            "blog/__init__.py": "",
            "blog/apps/__init__.py": "from blog.apps.config import BlogConfig\n",
            "blog/apps/config.py": (
                "from framework import AppConfig\n\nclass BlogConfig(AppConfig):\n"
                "    name = 'blog'\n"
                "    def ready(self, project):\n"
                "        from blog.services import Posts\n"
                "        assert Posts in project.services\n"
            ),
            "blog/services/__init__.py": "from blog.services.posts import Posts\n",
            "blog/services/posts.py": "from framework import service\n\n@service\nclass Posts: ...\n",
        },
        "loaded 'blog' of blog",
    ),
    "a service that is only imported registers nothing": (
        {
            **settings("blog"),
            **app("blog", {"services.py": "from shop.services import Orders\n"}),
            **app("shop", {"services.py": "from framework import service\n\n@service\nclass Orders: ...\n"}),
            "blog/apps.py": (
                "from framework import AppConfig\n\nclass BlogConfig(AppConfig):\n    name = 'blog'\n"
                "    def ready(self, project):\n"
                "        from shop.services import Orders\n"
                "        assert Orders not in project.services\n"
            ),
        },
        "loaded 'blog' of blog",
    ),
    "models imported by the package itself": (
        {
            **settings("blog"),
            **app("blog", {"models.py": "class Post: ...\n"}),
            "blog/__init__.py": "from blog.models import Post\n",
        },
        "loaded 'blog' of blog",
    ),
    "models of all apps before any service, then ready in order": (
        {
            **settings("blog", "shop"),
            "order.py": "events = []\n",
            **{
                path: text
                for name in ("blog", "shop")
                for path, text in {
                    f"{name}/__init__.py": f"import order\norder.events.append('{name}')\n",
                    f"{name}/apps.py": (
                        "import order\nfrom framework import AppConfig\n\nclass Config(AppConfig):\n"
                        f"    name = '{name}'\n"
                        f"    def ready(self, project):\n        order.events.append('{name}.ready')\n"
                        "        if self.name == 'shop':\n"
                        "            assert ' '.join(order.events) == 'blog shop blog.models shop.models '"
                        "'blog.services shop.services blog.ready shop.ready', order.events\n"
                    ),
                    **{
                        f"{name}/{module}.py": "import order\norder.events.append(__name__)\n"
                        for module in ("models", "services")
                    },
                }.items()
            },
        },
        "loaded 'blog' of blog, 'shop' of shop",
    ),
    "a service replaced by another, in an app that did not know": (
        {
            **settings("blog", body='services: dict[str, str] = {"blog.services:Posts": "quiet:make_posts"}'),
            **app("blog", {"services.py": "from framework import service\n\n@service\nclass Posts: ...\n"}),
            "quiet.py": (
                "from blog.services import Posts\n\nclass Quiet(Posts): ...\n\ndef make_posts(): return Quiet()\n"
            ),
            "blog/apps.py": (
                "from contextlib import asynccontextmanager\nfrom framework import AppConfig\n\n"
                "class BlogConfig(AppConfig):\n    name = 'blog'\n"
                "    @asynccontextmanager\n"
                "    async def lifespan(self, project):\n"
                "        from blog.services import Posts\n"
                "        async with project.scope() as scope:\n"
                "            assert type(await scope.get(Posts)).__name__ == 'Quiet'\n"
                "        yield\n"
            ),
        },
        "loaded 'blog' of blog",
    ),
}


@pytest.fixture(scope="module")
def said(load_all: Callable[[Mapping[str, Tree]], dict[str, str]]) -> dict[str, str]:
    return load_all({name: files for name, (files, _) in (RAISING | LOADING).items()})


@pytest.mark.parametrize("case", RAISING)
def test_what_an_app_raises_ends_its_own_traceback(case: str, said: dict[str, str]) -> None:
    import framework

    traceback = said[case].replace(str(framework.__file__), "FRAMEWORK")
    wanted = RAISING[case][1].lstrip("\n")
    assert traceback.endswith(wanted)
    ours = [line for line in traceback.splitlines() if "framework/" in line]
    assert len(ours) <= 3
    assert "importlib" not in traceback
    assert "During handling" not in traceback


@pytest.mark.parametrize("case", LOADING)
def test_what_is_written_right_loads(case: str, said: dict[str, str]) -> None:
    assert said[case] == LOADING[case][1]


@pytest.fixture
def apps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Apps:
    write(
        tmp_path, {**app("registry_blog", {"routes.py": "x = 1"}, label="blog"), **app("registry_shop", label="shop")}
    )
    monkeypatch.syspath_prepend(tmp_path)
    return Apps(["registry_blog", "registry_shop"])


def test_apps_are_found_by_label(apps: Apps) -> None:
    assert len(apps) == 2
    assert "blog" in apps
    assert "registry_blog" not in apps
    assert apps["blog"].name == "registry_blog"
    assert repr(apps["blog"]) == "<Registry_BlogConfig 'blog'>"
    assert apps["blog"].path.name == "registry_blog"


@pytest.mark.parametrize(
    ("label", "hint"),
    [
        ("blgo", "Did you mean 'blog'?"),
        ("registry_shop", "Did you mean 'shop'?"),
        ("warehouse", "Installed are: 'blog', 'shop'."),
    ],
)
def test_a_label_that_is_not_installed_is_told_with_the_nearest(apps: Apps, label: str, hint: str) -> None:
    with pytest.raises(AppNotFound) as caught:
        apps[label]
    assert str(caught.value) == (f"No installed app has the label {label!r}.\n  Hint: {hint}  [apps.not-found]")


def test_modules_of_any_name_are_found_in_the_apps_that_have_them(apps: Apps) -> None:
    ((found, module),) = apps.modules("routes")
    assert found.app_label == "blog"
    assert isinstance(module, ModuleType)
    assert module.__name__ == "registry_blog.routes"
    assert list(apps.modules("policies")) == []


def test_the_registry_of_one_project_is_no_other_projects(apps: Apps) -> None:
    other = Apps(["registry_blog"])
    assert "shop" not in other
    assert other["blog"] is not apps["blog"]


def test_a_plugin_that_is_installed_while_the_process_runs_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "late" not in [point.name for point in plugins()]
    assert plugins() is plugins()
    folder = tmp_path / "late-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: late\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[framework.apps]\nlate = late.apps:LateConfig\n")
    os.utime(tmp_path, ns=(1, 1))  # however coarse the clock of the file system is
    assert "late" in [point.name for point in plugins()]
