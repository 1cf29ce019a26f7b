"""What people write against the framework is clean under mypy and pyright, both strict: the files of tests/typing."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests/typing").glob("*.py"))


@pytest.mark.timeout(300)  # a first run has no cache
def test_what_people_write_is_clean_under_mypy() -> None:
    command = [sys.executable, "-m", "mypy", "--strict", *FILES]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_pyright_looks_at_it_strictly_whenever_ci_runs() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pyright"]
    assert settings["typeCheckingMode"] == "strict"
    assert "tests/typing" in settings["include"]
    assert "uv run pyright" in (ROOT / ".ci" / "run").read_text().splitlines()
