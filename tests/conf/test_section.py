"""The prefix of a section, and which classes of a module are sections of their own."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from framework import Project, Settings
from framework.conf import sections_of
from framework.errors import ImproperlyConfigured

APP = """
from framework import AppConfig

class BlogConfig(AppConfig):
    name = "{name}"
    {more}
"""
SECTION = """
from framework import Section

class BlogSettings(Section):
    size: int = 1
"""


@pytest.mark.parametrize(
    ("name", "more", "prefix"),
    [("blog", "", "blog"), ("shop.blog", "", "blog"), ("shop.blog", 'label = "shop_blog"', "shop_blog")],
)
def test_the_prefix_is_the_label_of_the_nearest_app_above(
    write: Callable[[str, str], Path], load: Callable[[str], Any], name: str, more: str, prefix: str
) -> None:
    folder = name.replace(".", "/")
    write(f"{folder}/apps.py", APP.format(name=name, more=more))
    write(f"{folder}/settings/sizes.py", SECTION)
    section = load(f"{name}.settings.sizes").BlogSettings
    settings = Settings(_environ={f"{prefix}__size".upper(): "7"}, _env_file=None)
    assert settings.section(section).size == 7


def test_outside_any_app_the_prefix_is_the_name_of_the_package(
    write: Callable[[str, str], Path], load: Callable[[str], Any]
) -> None:
    write("tools/web/settings.py", SECTION)
    write("alone.py", SECTION)
    settings = Settings(_environ={"WEB__SIZE": "7", "ALONE__SIZE": "8"}, _env_file=None)
    assert settings.section(load("tools.web.settings").BlogSettings).size == 7
    assert settings.section(load("alone").BlogSettings).size == 8


def test_a_class_variable_wins_over_the_label_and_is_inherited_and_a_field_is_none(
    write: Callable[[str, str], Path], load: Callable[[str], Any]
) -> None:
    write("blog/apps.py", APP.format(name="blog", more=""))
    write(
        "blog/settings.py",
        """
        from typing import ClassVar
        from framework import Section

        class One(Section):
            prefix: ClassVar[str] = "uno"
            size: int = 1

        class Two(One):
            pass

        class Three(Section):
            prefix: str = "a field"
            size: int = 1
        """,
    )
    module = load("blog.settings")
    settings = Settings(_environ={"UNO__SIZE": "7", "BLOG__SIZE": "8", "BLOG__PREFIX": "x"}, _env_file=None)
    assert settings.section(module.Two).size == 7
    assert settings.section(module.Three) == module.Three(size=8, prefix="x")


def test_an_apps_module_that_is_broken_says_so_itself(
    write: Callable[[str, str], Path], load: Callable[[str], Any]
) -> None:
    write("blog/apps.py", "import no_such_module_at_all")
    write("blog/settings.py", SECTION)
    with pytest.raises(ModuleNotFoundError, match="no_such_module_at_all"):
        Settings(_environ={}, _env_file=None).section(load("blog.settings").BlogSettings)


def test_what_sections_are_made_of_are_no_sections(
    write: Callable[[str, str], Path], load: Callable[[str], Any]
) -> None:
    write("blog/settings/parts.py", "from framework import Section\nclass Part(Section):\n    size: int = 1\n")
    write(
        "blog/settings/__init__.py",
        """
        from framework import Section
        from framework.cache import CacheSettings
        from blog.settings.parts import Part

        class Shared(Section):
            part: Part | None = Part()

        class BlogSettings(Shared):
            pass
        """,
    )
    module = load("blog.settings")
    assert sections_of(module) == [module.BlogSettings]


def test_a_project_reads_the_sections_of_its_apps_when_it_loads(
    write: Callable[[str, str], Path], load: Callable[[str], Any]
) -> None:
    for name in ("blog", "shop"):
        write(f"{name}/__init__.py", "")
        write(f"{name}/apps.py", APP.format(name=name, more=""))
        write(f"{name}/settings.py", SECTION)
    load("blog")
    environ = {"BLOG__SIZE": "x", "SHOP__SIZE": "y"}
    with pytest.raises(ImproperlyConfigured) as caught:
        Project(Settings(_environ=environ, _env_file=None, installed_apps=("blog", "shop")))
    assert caught.value.message == (
        "2 settings cannot be used:\n"
        "  blog.size: found 'x'; wanted a valid integer; from BLOG__SIZE in the environment\n"
        "  shop.size: found 'y'; wanted a valid integer; from SHOP__SIZE in the environment"
    )
    project = Project(Settings(_environ={"BLOG__SIZE": "7"}, _env_file=None, installed_apps=("blog", "shop")))
    assert "blog.size" in {row.name for row in project.settings.explain()}


def test_two_apps_with_sections_of_one_prefix_are_an_error_at_load(
    write: Callable[[str, str], Path], load: Callable[[str], Any]
) -> None:
    for name in ("blog", "shop"):
        write(f"{name}/__init__.py", "")
        write(f"{name}/apps.py", APP.format(name=name, more=""))
        write(
            f"{name}/settings.py",
            "from typing import ClassVar\n" + SECTION + '    prefix: ClassVar[str] = "pages"\n',
        )
    load("blog")
    with pytest.raises(ImproperlyConfigured) as caught:
        Project(Settings(_environ={}, _env_file=None, installed_apps=("blog", "shop")))
    assert caught.value.message == (
        "Two sections have the prefix 'pages': blog.settings.BlogSettings and shop.settings.BlogSettings."
    )
    assert caught.value.code == "conf.prefix"


def test_bad_values_of_the_project_and_of_its_apps_are_in_one_message(
    write: Callable[[str, str], Path], load: Callable[[str], Any]
) -> None:
    for name in ("blog", "shop"):
        write(f"{name}/__init__.py", "")
        write(f"{name}/apps.py", APP.format(name=name, more=""))
        write(f"{name}/settings.py", SECTION if name == "blog" else "import no_such_module_at_all")
    load("blog")
    apps = ("blog", "shop", "no.such.app", "framework.cache")
    environ = {"DEBUG": "x", "BLOG__SIZE": "x", "CACHE__TTL": "x", "INSTALLED_APPS": ",".join(apps)}
    for values in ({}, {"installed_apps": apps}):
        with pytest.raises(ImproperlyConfigured) as caught:
            Settings(_environ=environ, _env_file=None, **values)
        lines = caught.value.message.splitlines()
        assert [line.split(":")[0].strip() for line in lines[1:]] == ["debug", "blog.size", "cache.ttl"]
