"""Paths: what an application sees of one, and what is made from a template and parameters."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from starlette.convertors import Convertor
from starlette.types import Scope

_PARAMETER = re.compile(r"{([a-zA-Z_]\w*)}")
_SAFE = "/~:@!$&'()*+,;="
"""What a path may hold besides letters and digits (RFC 3986), and the slashes of a `path` parameter."""


def path_of(scope: Scope) -> str:
    """Return the path of a request as routes have it: without the `root_path` that a proxy or a mount put before."""
    path, root = str(scope["path"]), str(scope.get("root_path") or "").rstrip("/")
    return path.removeprefix(root) if root and (path == root or path.startswith(f"{root}/")) else path


def fill(template: str, convertors: Mapping[str, Convertor[Any]], params: Mapping[str, Any]) -> str:
    """Return `template` with its parameters filled in and quoted.

    Raises `ValueError` that says which one is missing, too many, or of the wrong kind.
    """
    wanted = list(convertors)
    missing = [repr(name) for name in wanted if name not in params]
    surplus = [repr(name) for name in params if name not in convertors]
    if missing or surplus:
        parts = [f"needs {', '.join(missing)}"] * bool(missing) + [f"takes no {', '.join(surplus)}"] * bool(surplus)
        raise ValueError(" and ".join(parts))
    return _PARAMETER.sub(lambda match: _text(match[1], convertors[match[1]], params[match[1]]), template)


def _text(name: str, convertor: Convertor[Any], value: Any) -> str:
    if value is None:
        raise ValueError(f"does not take {name}=None")
    try:
        text = convertor.to_string(value)
    except (AssertionError, TypeError, ValueError) as error:
        raise ValueError(f"does not take {name}={value!r}: {str(error) or type(error).__name__}") from None
    return quote(text, safe=_SAFE)
