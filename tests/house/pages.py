"""The pages of the documentation that are made from the code. `just pages` writes them, a test compares."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.house import commands_page, names_page, settings_page

__all__ = ["PAGES"]

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
PAGES: Mapping[Path, Callable[[], str]] = {
    REFERENCE / "commands.md": commands_page.page,
    REFERENCE / "names.md": names_page.page,
    REFERENCE / "settings.md": settings_page.page,
}

if __name__ == "__main__":
    for path, page in PAGES.items():
        path.write_text(page())
