"""Small projects in a folder of their own, and their command line in a process of its own."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.programs import write

MANAGE = """
from framework.management import main

if __name__ == "__main__":
    main(settings="config.settings:ProjectSettings")
"""
SETTINGS = """
from framework import Settings


class ProjectSettings(Settings):
    installed_apps: tuple[str, ...] = {apps}
"""
APP = """
from framework import AppConfig


class Config(AppConfig):
    name = "{name}"
"""


class Folder:
    """A project's folder."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.environment = {
            name: value
            for name, value in os.environ.items()
            if name not in ("DEBUG", "FRAMEWORK_SETTINGS", "DATABASE_URL", "REDIS_URL", "SECRET_KEY", "FORCE_COLOR")
        }
        self.processes: list[subprocess.Popen[str]] = []

    def write(self, files: Mapping[str, str]) -> None:
        write(self.path, files)

    def app(self, name: str, files: Mapping[str, str]) -> None:
        self.write({f"{name}/__init__.py": "", f"{name}/apps.py": APP.format(name=name)})
        self.write({f"{name}/{file}": text for file, text in files.items()})

    def install(self, *apps: str) -> None:
        self.write({"config/settings.py": SETTINGS.format(apps=repr(apps))})

    def manage(
        self, *words: str, input: str = "", environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return self.python("manage.py", *words, input=input, environment=environment)

    def python(
        self, *words: str, input: str = "", environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *words],
            cwd=self.path,
            env={**self.environment, **(environment or {})},
            input=input,
            capture_output=True,
            text=True,
            timeout=50,
            check=False,
        )

    def start(self, *words: str, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
        with (self.path / "output.txt").open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "manage.py", *words],
                cwd=self.path,
                env={**self.environment, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                text=True,
            )
        self.processes.append(process)
        return process

    @property
    def output(self) -> str:
        return (self.path / "output.txt").read_text()


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Folder]:
    """A project without apps, with a manage.py."""
    folder = Folder(tmp_path)
    folder.write({"manage.py": MANAGE, "config/__init__.py": ""})
    folder.install()
    yield folder
    for process in folder.processes:
        if process.poll() is None:
            process.kill()
            process.wait()
