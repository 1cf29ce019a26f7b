"""Shared by every test. Projects, clients and servers come from the framework's own pytest plugin."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from uv import find_uv_bin

ROOT = Path(__file__).parents[1]

# Without bytecode every program that a test starts compiles a thousand modules first, for two thirds of its time.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the modules that may take long, so that no worker is left with one of them at the end."""
    patience: dict[str, float] = defaultdict(float)
    for item in items:
        for mark in item.iter_markers("timeout"):
            patience[item.location[0]] = max(patience[item.location[0]], mark.args[0])
    items.sort(key=lambda item: -patience[item.location[0]])


def pytest_collection_finish() -> None:
    """Leave no bytecode of modules that a test writes: twice a second with the same size, and it would be stale."""
    sys.dont_write_bytecode = True


def uv(*arguments: str | Path) -> None:
    """Run uv, and show what it said when it fails."""
    environ = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT")}
    done = subprocess.run([find_uv_bin(), *arguments], capture_output=True, text=True, env=environ, check=False)
    assert done.returncode == 0, f"uv {' '.join(map(str, arguments))}\n{done.stdout}{done.stderr}"


type Once = Callable[[str, Callable[[Path], object]], Path]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory) -> Once:
    """Return a folder that the run's first worker to ask for it has filled: `once("name", fill)`; the others wait."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent  # the one that all workers share

    def ask(name: str, fill: Callable[[Path], object]) -> Path:
        folder, filled = base / name, base / f"{name}.filled"
        with (base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not filled.exists():
                shutil.rmtree(folder, ignore_errors=True)  # what a failed attempt left
                folder.mkdir()
                fill(folder)
                filled.touch()
        return folder

    return ask


@pytest.fixture(scope="session")
def build_wheel(once: Once) -> Callable[[Path], Path]:
    """Build the wheel of a folder with a `pyproject.toml`, and return its path."""

    def build(source: Path) -> Path:
        folder = once(
            f"wheel-{source.name}",
            lambda folder: uv("build", "--quiet", "--wheel", "--out-dir", folder, source),
        )
        (wheel,) = folder.glob("*.whl")
        return wheel

    return build


@pytest.fixture(scope="session")
def framework_wheel(build_wheel: Callable[[Path], Path]) -> Path:
    """The framework's wheel, built once from this checkout."""
    return build_wheel(ROOT)


@pytest.fixture(scope="session")
def clean_environment(once: Once) -> Callable[..., Path]:
    """Make an empty virtual environment, install what is given (paths or names), and return its `bin` folder."""

    def make(*packages: str | Path) -> Path:
        def fill(folder: Path) -> None:
            uv("venv", "--quiet", folder / "venv")
            uv("pip", "install", "--quiet", "--python", folder / "venv", *packages)

        # A short name that says nothing: paths of the environment appear in what its programs print.
        name = hashlib.sha256(" ".join(map(str, packages)).encode()).hexdigest()[:8]
        return once(f"environment-{name}", fill) / "venv" / "bin"

    return make
