"""`python -m framework` and the console script `framework`: the command line without a project's `manage.py`."""

import ast
import sys
from pathlib import Path
from typing import Never

from framework.management import main

__all__ = ["run"]


def run() -> Never:
    """Run the command line. In a folder with a `manage.py` it is about that project, elsewhere about none."""
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    main(settings=settings_of(Path("manage.py")))


def settings_of(script: Path) -> str | None:
    """Return the settings class that a `manage.py` names, read without running it; `None` when it names none."""
    try:
        tree = ast.parse(script.read_bytes())
    except (OSError, SyntaxError):
        return None
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "main":
            given = [keyword.value for keyword in node.keywords if keyword.arg == "settings"] + node.args
            if given and isinstance(given[0], ast.Constant) and isinstance(given[0].value, str):
                return given[0].value
    return None


if __name__ == "__main__":
    run()
