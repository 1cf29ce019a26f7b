"""Projects written to a folder, so that files and lines can be named."""

import importlib
import sys
from collections.abc import Callable, Generator
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest

type Write = Callable[[str, str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a file of the project."""

    def write(name: str, text: str) -> Path:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    return write


@pytest.fixture
def load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Callable[[str], ModuleType]]:
    """Import a module of the project, and forget the project's modules afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    before = set(sys.modules)

    def load(name: str) -> ModuleType:
        importlib.invalidate_caches()
        return importlib.import_module(name)

    yield load
    for name in set(sys.modules) - before:
        if str(tmp_path) in str(
            getattr(sys.modules[name], "__file__", "") or getattr(sys.modules[name], "__path__", "")
        ):
            del sys.modules[name]
