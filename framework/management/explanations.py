"""What the codes of errors mean, as the reference of the documentation says it."""

import re
from collections.abc import Iterator
from pathlib import Path

import framework

__all__ = ["explanations"]

PAGES = {"errors.md": "", "migration-safety.md": "migrations.safety."}
"""The pages whose headings are codes, with what stands before them in a code."""


def explanations() -> dict[str, str]:
    """Return the explanation of every code, in Markdown."""
    return {prefix + code: text for name, prefix in PAGES.items() for code, text in sections(page(name))}


def page(name: str) -> str:
    """Return a page of the reference: in an installed wheel or in a checkout."""
    package = Path(framework.__file__).parent
    installed = package / "reference" / name
    path = installed if installed.exists() else package.parent / "docs" / "reference" / name
    return path.read_text(encoding="utf-8")


def sections(text: str) -> Iterator[tuple[str, str]]:
    """Yield each heading that is a code, and what stands below it."""
    for part in re.split(r"^##", text, flags=re.MULTILINE):
        if match := re.fullmatch(r"# ([a-z][\w.-]*)\n(.*)", part, flags=re.DOTALL):
            yield match[1], match[2].strip()
