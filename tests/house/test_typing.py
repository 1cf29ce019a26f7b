"""What people write against the framework is clean under mypy and pyright, both strict: the files of tests/typing."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests/typing").glob("*.py"))


@pytest.mark.timeout(300)  # a first run has no cache
@pytest.mark.parametrize("checker", [["mypy", "--strict"], ["pyright"]], ids=lambda command: command[0])
def test_what_people_write_is_clean_under_strict(checker: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *checker, *FILES], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
