"""Starting a project."""

import keyword
import secrets
from importlib.util import find_spec
from pathlib import Path

from framework.errors import CommandError
from framework.management.scaffold.files import template_files, write_all
from framework.management.scaffold.report import Written

__all__ = ["check_name", "start_project"]


def start_project(name: str, directory: Path) -> Written:
    """Write a new project called `name` into `directory`, with a fresh secret key in its `.env`."""
    check_name(name, "project")
    files: dict[Path, str] = {}
    for relative, text in template_files("project"):
        if relative.name == "pyproject.toml":
            text = text.replace('name = "project"', f'name = "{name.replace("_", "-")}"')
        elif relative.name == "README.md":
            text = text.replace("# project", f"# {name}", 1)
        elif relative.name in {"compose.yaml", ".env.example"}:
            text = text.replace("project", name)
        files[directory / relative] = text
    files[directory / ".env"] = f"DEBUG=1\nSECRET_KEY={secrets.token_urlsafe(48)}\n"
    written = Written(created=write_all(files))
    (directory / ".env").chmod(0o600)
    (directory / "manage.py").chmod(0o755)
    return written


def check_name(name: str, kind: str) -> None:
    """Raise `CommandError` unless `name` can be a new package."""
    if not name.isidentifier() or keyword.iskeyword(name):
        raise CommandError(
            f"{name!r} is not a valid {kind} name. Please make sure the name is a valid identifier.",
            code="scaffold.name",
        )
    if find_spec(name) is not None:
        raise CommandError(
            f"{name!r} conflicts with the name of an existing Python module and cannot be used as "
            f"{'an' if kind == 'app' else 'a'} {kind} name. Please try another name.",
            code="scaffold.name",
        )
