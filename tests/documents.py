"""The examples of a page: its fenced blocks, most of which are files that begin with their names."""

import re
from pathlib import Path

from sybil import Region, Sybil
from sybil.parsers.markdown import CodeBlockParser

ROOT = Path(__file__).parents[1]
HOW_TO = ROOT / "docs" / "how-to"


def blocks(page: Path, language: str) -> list[str]:
    """Return the fenced blocks of a page in one language."""
    document = Sybil([CodeBlockParser(language, evaluator=lambda _: None)]).parse(page)
    regions: list[Region] = [example.region for example in document.examples()]
    return [region.parsed for region in regions]


def files(page: Path, language: str = "python") -> dict[str, str]:
    """Return the files of a page by their names, which stand in the first line of each block."""
    found = {}
    for block in blocks(page, language):
        match = re.match(r"# ([\w/]+\.\w+)\n", block)
        assert match, f"no file name in the first line: {block}"
        assert match[1] not in found, f"{match[1]} stands on the page twice"
        found[match[1]] = block
    return found
