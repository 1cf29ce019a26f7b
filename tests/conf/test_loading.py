"""`--settings module:Class`: which class is chosen, and one sentence when it cannot be."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from framework.conf import FRAMEWORK_SETTINGS, find_settings, load_settings
from framework.errors import ImproperlyConfigured

type Write = Callable[[str, str], Path]

GOOD = """
from framework.conf import Settings

class ProjectSettings(Settings):
    size: int = 1

class OtherSettings(ProjectSettings):
    size: int = 2
"""


@pytest.fixture(autouse=True)
def project(write: Write, load: object, monkeypatch: pytest.MonkeyPatch) -> None:
    write("site_config/__init__.py", "")
    write("site_config/settings.py", GOOD)
    for name in (FRAMEWORK_SETTINGS, "DEBUG", "SIZE"):
        monkeypatch.delenv(name, raising=False)


def refused(path: str | None, default: str | None = None) -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        load_settings(path, default=default)
    assert caught.value.code == "conf.settings"
    return str(caught.value).removesuffix("  [conf.settings]")


def test_the_path_chooses_then_the_variable_then_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = "site_config.settings:ProjectSettings", "site_config.settings:OtherSettings"
    assert find_settings(default=first).__name__ == "ProjectSettings"
    monkeypatch.setenv(FRAMEWORK_SETTINGS, second)
    assert find_settings(default=first).__name__ == "OtherSettings"
    assert find_settings(first).__name__ == "ProjectSettings"
    assert load_settings(first).model_dump()["size"] == 1


def test_nothing_chosen_says_how_to_choose() -> None:
    assert refused(None) == (
        "No settings are chosen.\n  Hint: Pass --settings module:Class, or set FRAMEWORK_SETTINGS."
    )


@pytest.mark.parametrize("path", ["site_config.settings", "site_config.settings:", ":X", "a:b c", "a b"])
def test_a_path_of_another_form_says_which_form_it_takes(path: str) -> None:
    assert refused(path) == (
        f"{path!r} is no settings class.\n  Hint: Write it as 'module:Class': 'config.settings:ProjectSettings'."
    )


@pytest.mark.parametrize(
    ("path", "said"),
    [
        (
            "site_config.setings:ProjectSettings",
            "There is no settings module 'site_config.setings': no module named 'site_config.setings'.\n"
            "  Hint: Did you mean site_config.settings?",
        ),
        (
            "site_confg.settings:ProjectSettings",
            "There is no settings module 'site_confg.settings': no module named 'site_confg'.\n"
            "  Hint: Did you mean site_config?",
        ),
        (
            "zzzzzz.settings:ProjectSettings",
            "There is no settings module 'zzzzzz.settings': no module named 'zzzzzz'.\n"
            "  Hint: Run it from the folder that holds 'zzzzzz'.",
        ),
    ],
)
def test_a_missing_module_gets_the_near_match(path: str, said: str) -> None:
    assert refused(path) == said


def test_a_missing_class_gets_the_near_match(tmp_path: Path) -> None:
    file = tmp_path / "site_config/settings.py"
    assert refused("site_config.settings:ProjectSetings") == (
        f"'ProjectSetings' of {file} does not exist.\n  Hint: Did you mean ProjectSettings?"
    )
    assert refused("site_config.settings:Zzz") == (
        f"'Zzz' of {file} does not exist.\n  Hint: It has ProjectSettings, OtherSettings."
    )


def test_what_is_no_settings_class_says_what_it_is(write: Write) -> None:
    file = write("odd.py", "size = 1\nclass Plain: pass\n")
    assert refused("odd:size") == f"'size' of {file} is no subclass of framework.Settings but a value of type int."
    assert refused("odd:Plain") == f"'Plain' of {file} is no subclass of framework.Settings but the class Plain."


def test_the_variable_is_named_when_it_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FRAMEWORK_SETTINGS, "nope")
    assert refused(None).startswith("'nope' (FRAMEWORK_SETTINGS) is no settings class.")
    monkeypatch.setenv(FRAMEWORK_SETTINGS, "zzzzzz:X")
    assert refused(None).startswith("There is no settings module 'zzzzzz' (FRAMEWORK_SETTINGS): ")


@pytest.mark.parametrize(
    ("text", "line", "said", "hint"),
    [
        (
            "import os\nurl = os.environ['NO_SUCH_VARIABLE']\n",
            2,
            " raised KeyError: 'NO_SUCH_VARIABLE'.",
            "Set NO_SUCH_VARIABLE, or declare a field for it: fields are read from the environment and from .env.",
        ),
        ("def f():\n    raise RuntimeError('no\\nway')\n\n\nf()\n", 2, " raised RuntimeError: no way.", None),
        ("import json\njson.loads('{')\n", 2, " raised JSONDecodeError: Expecting property name", None),
        ("import no_such_module_at_all\n", 1, " raised ModuleNotFoundError: No module named 'no_such", None),
        ("from framework.conf import Nope\n", 1, " raised ImportError: cannot import name 'Nope'", None),
        ("x = 1\ny = = 2\n", 2, ": invalid syntax.", None),
        ("x = 1\n  y = 2\n", 2, ": unexpected indent.", None),
        ("raise SystemError\n", 1, " raised SystemError.", None),
        (
            "from framework.cache import CacheSettings\n\ncache = CacheSettings(\n    ttll=1\n)\n",
            3,
            ": CacheSettings cannot be made: ttll: there is no such setting. Did you mean ttl?",
            None,
        ),
        (
            "from framework import Settings\n\nclass P(Settings):\n    DEBUG = True\n",
            3,
            ": the setting 'DEBUG' has no type.",
            "Write one, as in `debug: bool = ...`.",
        ),
        (
            "from framework import Settings\n\nclass P(Settings):\n    installed_apps = ('blog',)\n",
            3,
            ": the setting 'installed_apps' has no type.",
            "Write one, as in `installed_apps: tuple[str, ...] = ...`.",
        ),
        (
            "from framework import Settings\n\nclass P(Settings):\n    size = 3\n",
            3,
            ": the setting 'size' has no type.",
            "Write one, as in `size: int = ...`.",
        ),
        (
            "from framework import Settings\n\nclass P(Settings):\n    INSTALLED_APPS: tuple[str, ...] = ()\n",
            3,
            ": P has a setting 'INSTALLED_APPS' beside 'installed_apps'.",
            "Write it in small letters: installed_apps",
        ),
        (
            "from framework.db import DatabaseSettings\nd = DatabaseSettings(url='mysql://u:hunter2@h', pool_size=0)\n",
            2,
            ": DatabaseSettings cannot be made: url: The database URL starts with 'mysql://'",
            None,
        ),
    ],
)
def test_a_settings_module_that_raises_is_one_sentence_with_its_line(
    write: Write, text: str, line: int, said: str, hint: str | None
) -> None:
    file = write("broken_settings.py", text)
    message = refused("broken_settings:ProjectSettings")
    assert message.startswith(f"{file}:{line}{said}")
    assert "hunter2" not in message
    if hint:
        assert message.endswith(f"\n  Hint: {hint}")


def test_a_question_ends_without_a_full_stop(write: Write) -> None:
    write("asking.py", "from framework.cache import CacheSettings\n\ncache = CacheSettings(ttll=1)\n")
    assert refused("asking:ProjectSettings").endswith("Did you mean ttl?")


def test_the_line_is_the_one_in_the_project_that_went_wrong(write: Write) -> None:
    write("outer_settings.py", "import site_config.inner\n")
    inner = write("site_config/inner.py", "# why\n1 / 0\n")
    assert refused("outer_settings:X") == f"{inner}:2 raised ZeroDivisionError: division by zero."


def test_an_error_of_ours_in_the_module_passes_as_it_is(write: Write) -> None:
    write("early.py", GOOD + "\nmade = ProjectSettings(_environ={'SIZE': 'x'})\n")
    with pytest.raises(ImproperlyConfigured, match="size: found 'x'") as caught:
        find_settings("early:ProjectSettings")
    assert caught.value.code == "conf.invalid"


def test_debug_comes_on_when_nothing_decides_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    assert load_settings("site_config.settings:ProjectSettings").debug is False
    assert load_settings("site_config.settings:ProjectSettings", debug=True).debug is True
    assert os.environ["DEBUG"] == "1"


@pytest.mark.parametrize("decider", ["environment", ".env", "class"])
def test_debug_stays_what_somebody_decided(write: Write, monkeypatch: pytest.MonkeyPatch, decider: str) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    if decider == "environment":
        os.environ["DEBUG"] = "0"
    elif decider == ".env":
        write(".env", "DEBUG=false\n")
    else:
        write("site_config/settings.py", GOOD.replace("size: int = 1", "debug: bool = False"))
    assert load_settings("site_config.settings:ProjectSettings", debug=True).debug is False
    assert os.environ.get("DEBUG") in (None, "0")


def test_importing_settings_loads_pydantic_settings_and_no_more() -> None:
    code = (
        "import sys; import pydantic_settings; before = set(sys.modules); import framework.conf;"
        "print(sorted({n.partition('.')[0] for n in set(sys.modules) - before} - set(sys.stdlib_module_names)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['framework']"


def test_reading_a_project_s_settings_loads_no_web_no_database_and_no_client() -> None:
    code = (
        "import sys; from framework import Settings; from framework.db import DatabaseSettings; "
        "from framework.cache import CacheSettings; "
        "S = type('S', (Settings,), {'__annotations__': {'database': DatabaseSettings, 'cache': CacheSettings}}); "
        "S(_environ={'DATABASE_URL': 'postgres://h/d?sslmode=require', 'REDIS_URL': 'redis://h'}, _env_file=None);"
        "heavy = {'fastapi', 'starlette', 'sqlmodel', 'sqlalchemy', 'alembic', 'redis', 'asyncpg'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
