"""Projects written to a folder, loaded in one process apart from the tests', and what each of them said."""

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

LOAD = """
import asyncio, importlib, json, os, sys, traceback, warnings
from framework import Project

warnings.simplefilter("error")
said = {}
for folder in sys.argv[1:]:
    sys.path[0] = folder
    try:
        project = Project(importlib.import_module("settings").ProjectSettings(secret_key="s" * 50))

        async def start():
            async with project.lifespan():
                pass

        asyncio.run(start())
        said[folder] = "loaded " + ", ".join(f"{app.app_label!r} of {app.name}" for app in project.apps)
    except Exception as error:
        said[folder] = str(error) if hasattr(error, "code") else traceback.format_exc()
    for name, module in list(sys.modules.items()):
        paths = [getattr(module, "__file__", None) or "", *getattr(module, "__path__", ())]
        if any(path.startswith(folder) for path in paths):
            del sys.modules[name]
print(json.dumps(said))
"""

type Tree = dict[str, str]
"""Texts by the path of their file."""


def app(name: str, files: Mapping[str, str] | None = None, /, **attributes: object) -> Tree:
    """Return the files of an app: `__init__.py`, an `apps.py` with these attributes, and more by their names."""
    title = name.rpartition(".")[2].title()
    lines = [f"    {key} = {value!r}" for key, value in {"name": name, **attributes}.items()]
    config = "\n".join(["from framework import AppConfig", "", "", f"class {title}Config(AppConfig):", *lines, ""])
    inside = {"__init__.py": "", "apps.py": config, **(files or {})}
    return {f"{name.replace('.', '/')}/{path}": text for path, text in inside.items()}


def settings(*entries: str, body: str = "") -> Tree:
    """Return the settings module of a project; the first entry of `installed_apps` stands on line 6."""
    lines = ["from framework import Settings", "", "", "class ProjectSettings(Settings):"]
    lines += ["    installed_apps: tuple[str, ...] = (", *(f"        {entry!r}," for entry in entries), "    )"]
    return {"settings.py": "\n".join([*lines, textwrap.indent(textwrap.dedent(body), "    ")])}


def distribution(name: str, **points: str) -> Tree:
    """Return the metadata of an installed distribution with these entry points."""
    listed = "\n".join(f"{key} = {value}" for key, value in points.items())
    folder = f"{name.replace('-', '_')}-1.0.dist-info"
    return {
        f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{folder}/entry_points.txt": f"[framework.apps]\n{listed}\n",
    }


def write(root: Path, files: Mapping[str, str]) -> None:
    """Write `files` below `root`."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text))


@pytest.fixture(scope="session")
def load_all(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Mapping[str, Tree]], dict[str, str]]:
    """Load projects, each in a folder of its own, in one process; return what each said, with its folder as `/p`."""

    def load(projects: Mapping[str, Tree]) -> dict[str, str]:
        root = tmp_path_factory.mktemp("projects")
        folders = {name: str(root / str(index)) for index, name in enumerate(projects)}
        for name, files in projects.items():
            write(Path(folders[name]), files)
        done = subprocess.run(
            [sys.executable, "-c", LOAD, *folders.values()], cwd=root, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        said: dict[str, str] = json.loads(done.stdout)
        return {name: said[folder].replace(folder, "/p") for name, folder in folders.items()}

    return load
