"""Shared by every test. Projects, clients and servers come from the framework's own pytest plugin."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from uv import find_uv_bin

ROOT = Path(__file__).parents[1]


def uv(*arguments: str | Path) -> None:
    """Run uv, and show what it said when it fails."""
    environ = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT")}
    done = subprocess.run([find_uv_bin(), *arguments], capture_output=True, text=True, env=environ, check=False)
    assert done.returncode == 0, f"uv {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}"


@pytest.fixture(scope="session")
def build_wheel(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Path]:
    """Build the wheel of a folder with a `pyproject.toml`, and return its path."""

    def build(source: Path) -> Path:
        folder = tmp_path_factory.mktemp("wheel")
        uv("build", "--quiet", "--wheel", "--out-dir", folder, source)
        (wheel,) = folder.glob("*.whl")
        return wheel

    return build


@pytest.fixture(scope="session")
def framework_wheel(build_wheel: Callable[[Path], Path]) -> Path:
    """The framework's wheel, built once from this checkout."""
    return build_wheel(ROOT)


@pytest.fixture(scope="session")
def clean_environment(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Make an empty virtual environment, install what is given (paths or names), and return its `bin` folder."""

    def make(*packages: str | Path) -> Path:
        environment = tmp_path_factory.mktemp("environment") / "venv"
        uv("venv", "--quiet", environment)
        uv("pip", "install", "--quiet", "--python", environment, *packages)
        return environment / "bin"

    return make
