"""The passwords that people use most: 30,000 of them, from the lists of zxcvbn."""

from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

__all__ = ["common_passwords"]


@cache
def common_passwords() -> frozenset[str]:
    """Return them in lower case. The first call takes some hundredths of a second, and belongs in a thread."""
    # The one file of its lists: the package around it would make tables of them that nobody needs here.
    package = find_spec("zxcvbn")
    origin = package.origin if package else None
    spec = spec_from_file_location("zxcvbn_lists", Path(origin or "").with_name("frequency_lists.py"))
    loader = spec.loader if spec else None
    assert spec is not None
    assert loader is not None
    lists: Any = module_from_spec(spec)
    loader.exec_module(lists)
    return frozenset(lists.FREQUENCY_LISTS["passwords"])
