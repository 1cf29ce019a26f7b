"""Adding an app to the settings file changes one literal and nothing else."""

from pathlib import Path

import pytest

from framework.management.scaffold.settings_file import add_app

CASES = {
    "one line": ('installed_apps = ("a",)\n', 'installed_apps = ("a", "blog")\n'),
    "one line with a last comma": ('installed_apps = ("a", "b",)\n', 'installed_apps = ("a", "b", "blog")\n'),
    "empty tuple": ("installed_apps = ()\n", 'installed_apps = ("blog",)\n'),
    "empty list": ("installed_apps = []\n", 'installed_apps = ["blog"]\n'),
    "nothing but comments": (
        "class S:\n    installed_apps = (\n        # mine, (soon)\n    )\n",
        'class S:\n    installed_apps = (\n        # mine, (soon)\n        "blog",\n    )\n',
    ),
    "a comment behind the opening bracket": (
        "installed_apps = [  # mine\n]\n",
        'installed_apps = [  # mine\n    "blog",\n]\n',
    ),
    "no parentheses": ('installed_apps = "a", "b"\n', 'installed_apps = "a", "b", "blog"\n'),
    "one entry a line": (
        'class S:\n    installed_apps: tuple[str, ...] = (\n        "a",\n        "b",\n    )\n    x = 1\n',
        'class S:\n    installed_apps: tuple[str, ...] = (\n        "a",\n        "b",\n'
        '        "blog",\n    )\n    x = 1\n',
    ),
    "a comment behind the last entry": (
        'installed_apps = [\n    "a",\n    "b"  # é, why\n]\n',
        'installed_apps = [\n    "a",\n    "b",  # é, why\n    "blog",\n]\n',
    ),
    "two entries in the last line": (
        'installed_apps = (\n    "a", "b"  # c, d\n)\n',
        'installed_apps = (\n    "a", "b",  # c, d\n    "blog",\n)\n',
    ),
    "the bracket behind the last entry": (
        'installed_apps = ("a",\n                  "b")\n',
        'installed_apps = ("a",\n                  "b", "blog")\n',
    ),
    "letters outside ASCII before it": (
        'installed_apps = ["é", "b"]; x = "ü"\n',
        'installed_apps = ["é", "b", "blog"]; x = "ü"\n',
    ),
    "Windows line ends": (
        'installed_apps = (\r\n    "a",\r\n)\r\n',
        'installed_apps = (\r\n    "a",\r\n    "blog",\r\n)\r\n',
    ),
}


@pytest.mark.parametrize(("before", "after"), CASES.values(), ids=CASES)
def test_the_entry_is_put_behind_the_last_one_as_its_neighbours_are(before: str, after: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.py"
    path.write_bytes(before.encode())
    assert add_app(path, "blog") is True
    assert path.read_bytes().decode() == after
    compile(after, str(path), "exec")


@pytest.mark.parametrize(
    "source",
    [
        "x = 1\n",
        'installed_apps = base_apps() + ("a",)\n',
        'installed_apps = ("a",)\nif x:\n    installed_apps = ("b",)\n',
        "installed_apps = (\n",
    ],
    ids=["no literal", "an expression", "two literals", "no Python"],
)
def test_a_file_without_the_one_literal_is_left_alone(source: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.py"
    path.write_text(source)
    assert add_app(path, "blog") is False
    assert path.read_text() == source


def test_an_entry_that_is_there_is_not_added_again(tmp_path: Path) -> None:
    path = tmp_path / "settings.py"
    path.write_text('installed_apps = ("a", "blog")\n')
    assert add_app(path, "blog") is True
    assert path.read_text() == 'installed_apps = ("a", "blog")\n'
