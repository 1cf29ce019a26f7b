"""The templates: where they are, and what is copied of them."""

from collections.abc import Iterator
from pathlib import Path

import framework
from framework.errors import CommandError

__all__ = ["template_files", "write_all"]

LEFT_BEHIND = frozenset({"__pycache__", ".env", ".secret_key", ".pytest_cache", ".ruff_cache", ".venv"})


def template_folder(kind: str) -> Path:
    """Return the folder of the `project` or `app` template: in an installed wheel or in a checkout."""
    package = Path(framework.__file__).parent
    for folder in (package / "project_template", package.parent / "project_template"):
        if (folder / kind).is_dir():
            return folder / kind
    raise CommandError(
        f"The {kind} template is missing beside {package}.",
        hint="Install the framework again: pip install --force-reinstall framework",
        code="scaffold.template",
    )


def template_files(kind: str) -> Iterator[tuple[Path, str]]:
    """Yield each file of a template: its path inside the template and its text."""
    folder = template_folder(kind)
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        if path.is_file() and not LEFT_BEHIND & set(relative.parts) and ".sqlite3" not in path.name:
            yield relative, path.read_text(encoding="utf-8")


def write_all(files: dict[Path, str]) -> list[Path]:
    """Write new files, or none of them when one stands already."""
    standing = [path for path in files if path.exists()]
    if standing:
        raise CommandError(
            f"{standing[0]} already exists. Overlaying an existing folder won't replace conflicting files.",
            hint="Choose another name or an empty folder.",
            code="scaffold.exists",
        )
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600 if path.name == ".env" else 0o666)  # nobody else reads the key, not for a moment
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CommandError(
                f"{path.parent} is no folder to write {path.name!r} to: {error.strerror}.",
                hint="Choose a folder that you may write to.",
                code="scaffold.unwritable",
            ) from None
    return list(files)
