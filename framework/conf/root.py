"""Where a project's folder is."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import cast

__all__ = ["project_root", "resolve"]


def project_root(settings: type) -> Path:
    """Return the folder that holds the top-level package of a settings class.

    A class without a file (a shell, a notebook) and the framework's own `Settings` mean the current folder.
    """
    name = settings.__module__
    if name == "__main__":
        spec = getattr(sys.modules[name], "__spec__", None)
        name = spec.name if spec else name
    top = name.partition(".")[0]
    module = sys.modules.get(settings.__module__ if top == "__main__" else top)
    file = getattr(module, "__file__", None)
    folders = list(getattr(module, "__path__", ()))
    if top == "framework" or not (file or folders):
        return Path.cwd()
    if folders:
        return Path(folders[0]).resolve().parent
    return Path(str(file)).resolve().parent


def resolve(root: Path, files: object) -> tuple[Path, ...]:
    """Return a file or several, as a class's configuration names them, found from `root`."""
    if files is None:
        return ()
    several = cast("Sequence[object]", files) if isinstance(files, (list, tuple)) else (files,)
    return tuple(root / Path(str(file)).expanduser() for file in several)
