"""What users get as a start, and the examples, are held to the rules that a new project has."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RULES = ROOT / "project_template" / "project" / "pyproject.toml"


@pytest.mark.parametrize("command", [("check",), ("format", "--check")], ids=["lint", "format"])
@pytest.mark.parametrize("folder", ["project_template/project", "project_template/app", "docs/examples/atlas"])
def test_templates_and_examples_are_clean_as_they_stand(folder: str, command: tuple[str, ...]) -> None:
    sources = ["project_template", "project_template/project", "docs/examples"]
    rules = [f"--config={RULES}", f"--config=src = {sources}", "--no-cache"]
    done = subprocess.run(
        [Path(sys.executable).parent / "ruff", *command, *rules, folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
