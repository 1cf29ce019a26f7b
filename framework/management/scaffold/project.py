"""Starting a project."""

import keyword
import re
import secrets
from importlib.util import find_spec
from pathlib import Path

from framework.errors import CommandError
from framework.management.scaffold.files import template_files, write_all
from framework.management.scaffold.report import Written

__all__ = ["check_name", "is_module", "start_project"]


def start_project(name: str, directory: Path) -> Written:
    """Write a new project called `name` into `directory`, with a fresh secret key in its `.env`."""
    check_name(name, "project", folder=directory)
    files: dict[Path, str] = {}
    for relative, text in template_files("project"):
        if relative.name == "pyproject.toml":
            text = text.replace('name = "project"', f'name = "{distribution(name)}"')
        elif relative.name == "README.md":
            text = text.replace("# project", f"# {name}", 1)
        elif relative.name in {"compose.yaml", ".env.example"}:
            text = text.replace("project", name)
        files[directory / relative] = text
    files[directory / ".env"] = f"DEBUG=1\nSECRET_KEY={secrets.token_urlsafe(48)}\n"
    written = Written(created=write_all(files))
    (directory / "manage.py").chmod(0o755)
    return written


def distribution(name: str) -> str:
    """Return the name that packaging tools know the project by: letters, digits and single dashes."""
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-") or "project"


def check_name(name: str, kind: str, folder: Path | None = None) -> None:
    """Raise `CommandError` unless `name` can be a new package. The `folder` it is to be written to may stand."""
    last = name.rpartition(".")[2]
    if not last.isidentifier() or keyword.iskeyword(last):
        raise CommandError(
            f"{last!r} is not a valid {kind} name. Please make sure the name is a valid identifier.",
            code="scaffold.name",
        )
    if is_module(name, folder):
        raise CommandError(
            f"{name!r} conflicts with the name of an existing Python module and cannot be used as "
            f"{'an' if kind == 'app' else 'a'} {kind} name. Please try another name.",
            code="scaffold.name",
        )


def is_module(name: str, but: Path | None = None) -> bool:
    """Tell whether something can be imported by that name: something else than the plain folder `but`."""
    try:
        spec = find_spec(name)
        folders = list(spec.submodule_search_locations or ()) if spec and spec.origin is None else []
        return spec is not None and folders != [str(but)]
    except ModuleNotFoundError:  # no package around it either
        return False
    except ValueError:  # a module that was not imported, as `__main__`
        return True
