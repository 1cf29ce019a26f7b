"""The pages of the documentation that are made from the code. `just pages` writes them, a test compares."""

from collections.abc import Callable, Mapping
from pathlib import Path

from tests.house import names_page, settings_page

__all__ = ["PAGES"]

REFERENCE = Path(__file__).parents[2] / "docs" / "reference"
PAGES: Mapping[Path, Callable[[], str]] = {
    REFERENCE / "names.md": names_page.page,
    REFERENCE / "settings.md": settings_page.page,
}

if __name__ == "__main__":
    for path, page in PAGES.items():
        path.write_text(page())
