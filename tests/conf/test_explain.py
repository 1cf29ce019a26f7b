"""Where every effective value came from."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from framework.conf import Settings, Source
from framework.conf import settings as settings_module

SETTINGS = """
from pydantic_settings import SettingsConfigDict
from pydantic import BaseModel
from framework.conf import Section, Settings
from typing import ClassVar


class Group(BaseModel):
    size: int = 1
    depth: int = 2


class Cache(Section):
    prefix: str = ""
    ttl: int = 60
    limit: int = 5
    group: Group = Group(
        depth=3,
    )


class Audit(Section):
    prefix: ClassVar[str] = "audit"
    keep_days: int = 30
    names: tuple[str, ...] = ()


class Shared(Settings):
    allowed_hosts: tuple[str, ...] = ("a.example",)


class ProjectSettings(Shared):
    model_config = SettingsConfigDict(toml_file="settings.toml", secrets_dir="secrets")

    cache: Cache = Cache(
        ttl=7,
        prefix="site:",
    )
"""


def line_with(path: Path, text: str) -> int:
    return next(number for number, line in enumerate(path.read_text().splitlines(), 1) if text in line)


@pytest.fixture
def path(write: Callable[[str, str], Path]) -> Path:
    return write("site_settings.py", SETTINGS)


def test_every_value_says_where_it_came_from(
    path: Path, load: Callable[[str], Any], write: Callable[[str, str], Path], tmp_path: Path
) -> None:
    dotenv = write(".env", "# first\n\nexport CACHE__LIMIT=9\nTEXT='a\nb'\nAUDIT__NAMES=x,y\n")
    toml = write("settings.toml", "[audit]\n\nkeep_days = 3\n")
    secret = write("secrets/SECRET_KEY", "k")
    module = load("site_settings")
    made = module.ProjectSettings(_environ={"cache__group__size": "4", "SERVICES": '{"a:B": "c:D"}'}, debug=True)
    line = line_with(Path(__file__), '"SERVICES":')
    made.section(module.Audit)
    rows = {row.name: (row.text, row.source, str(row.source)) for row in made.explain()}
    framework = Path(str(settings_module.__file__))

    def default(name: str, text: str, file: Path = path) -> Source:
        return Source("default", name, file, line_with(file, text))

    expected: dict[str, tuple[str, Source]] = {
        "debug": ("True", Source("keyword", "a keyword", Path(__file__), line)),
        "secret_key": ("'**********'", Source("secret", "SECRET_KEY", secret)),
        "allowed_hosts": ("('a.example',)", default("Shared", "allowed_hosts")),
        "installed_apps": ("()", default("Settings", "installed_apps:", framework)),
        "services": ("{'a:B': 'c:D'}", Source("environment", "SERVICES")),
        "silenced_checks": ("()", default("Settings", "silenced_checks:", framework)),
        "cache.prefix": ("'site:'", default("ProjectSettings", 'prefix="site:"')),
        "cache.ttl": ("7", default("ProjectSettings", "ttl=7")),
        "cache.limit": ("9", Source("dotenv", "CACHE__LIMIT", dotenv, 3)),
        "cache.group.size": ("4", Source("environment", "cache__group__size")),
        "cache.group.depth": ("3", default("Cache", "depth=3")),
        "audit.keep_days": ("3", Source("toml", "audit.keep_days", toml, 3)),
        "audit.names": ("('x', 'y')", Source("dotenv", "AUDIT__NAMES", dotenv, 6)),
    }
    assert {name: (text, source) for name, (text, source, _) in rows.items()} == expected
    assert rows["debug"][2] == f"a keyword in {__file__}:{line}"
    assert rows["secret_key"][2] == str(secret)
    assert rows["services"][2] == "SERVICES in the environment"
    assert rows["cache.limit"][2] == f"CACHE__LIMIT in {dotenv}:3"
    assert rows["cache.ttl"][2] == f"ProjectSettings in {path}:{line_with(path, 'ttl=7')}"
    for name, (_, source) in expected.items():
        assert made.source(name) == source


def test_the_strongest_source_is_the_one_that_is_named(path: Path, load: Callable[[str], Any], tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("CACHE__LIMIT=9\n")
    (tmp_path / "settings.toml").write_text("cache.limit = 1\n[cache.group]\nsize = 2\n")
    made = load("site_settings").ProjectSettings(_environ={"CACHE__LIMIT": "4"})
    assert made.source("cache.limit") == Source("environment", "CACHE__LIMIT")
    assert made.source("cache.group.size").line == 3


def test_a_keyword_section_hides_what_weaker_sources_said_of_it(path: Path, load: Callable[[str], Any]) -> None:
    module = load("site_settings")
    made = module.ProjectSettings(_environ={"CACHE__LIMIT": "4"}, cache=module.Cache(ttl=1), audit=module.Audit())
    assert made.source("cache.ttl").kind == "keyword"
    assert made.source("cache.limit") == Source("default", "Cache", path, line_with(path, "limit: int"))
    assert made.source("audit.keep_days") == Source("default", "Audit", path, line_with(path, "keep_days"))


def test_json_is_the_source_of_what_it_names_only(path: Path, load: Callable[[str], Any]) -> None:
    made = load("site_settings").ProjectSettings(_environ={"CACHE": '{"limit": 3}'})
    assert made.source("cache.limit") == Source("environment", "CACHE")
    assert made.source("cache.ttl").kind == "default"


def test_a_class_without_a_source_file_still_explains_itself(tmp_path: Path) -> None:
    scope: dict[str, Any] = {"__name__": "nowhere", "Settings": Settings}
    exec("class Odd(Settings):\n    size: int = 1\n", scope)
    made = scope["Odd"](_environ={}, _env_file=None)
    assert str(made.source("size")) == "Odd"


def test_a_default_factory_and_inheritance_are_found(
    write: Callable[[str, str], Path], load: Callable[[str], Any]
) -> None:
    path = write(
        "more_settings.py",
        """
        from pydantic import Field
        from framework.conf import Section, Settings

        class Part(Section):
            sizes: list[int] = Field(default_factory=list)

        class Wide(Part):
            more: int = 1

        class ProjectSettings(Settings):
            part: Wide = Field(default_factory=lambda: Wide(more=2))
            debug = True
        """.replace("debug = True", "debug: bool = True"),
    )
    made = load("more_settings").ProjectSettings(_environ={})
    assert made.source("part.sizes") == Source("default", "Part", path, 5)
    assert made.source("part.more") == Source("default", "Wide", path, 8)
    assert made.source("debug") == Source("default", "ProjectSettings", path, 12)
