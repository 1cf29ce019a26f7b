"""Values for people: the secrets in them are hidden."""

import re
from collections.abc import Iterable, Mapping
from typing import Any, cast

from pydantic import BaseModel, SecretBytes, SecretStr

__all__ = ["HIDDEN", "Printed", "redact_urls", "redacted"]

HIDDEN = "'**********'"

SECRET_NAME = re.compile(
    r"(password|passwd|passphrase|secret|token|credential)s?$|(^|_)(api|secret|private|access|signing|encryption)_?keys?$",
    re.IGNORECASE,
)
# Greedy to the last @, as a password may hold one too.
CREDENTIALS = re.compile(r"(//[^\s:/@'\"]*:)\S+(@)")
# A URL that somebody mistyped still holds a password.
BARE_CREDENTIALS = re.compile(r"((?:^|['\"])[^\s:@'\"]*:)\S+(@)")
PARAMETER = re.compile(r"([?&][\w.-]*(?:password|passwd|secret|token|key)[\w.-]*=)[^&\s'\"]+", re.IGNORECASE)


class Printed(str):
    """Text that prints as it is where a repr is wanted."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def redact_urls(text: str) -> str:
    """Return `text` without the passwords of the URLs in it."""
    hidden, count = CREDENTIALS.subn(r"\1***\2", text)
    if not count:
        hidden = BARE_CREDENTIALS.sub(r"\1***\2", text)
    return PARAMETER.sub(r"\1***", hidden)


def redacted(name: str, value: object) -> Printed:
    """Return the repr of `value` without secrets.

    Hidden are the secret types of Pydantic, every text under a name like `password` or `api_key`, and the passwords in
    URLs, in models, lists and mappings too.
    """
    return Printed(_show(name, value))


def _show(name: str, value: object) -> str:
    match value:
        case SecretStr() | SecretBytes():
            return HIDDEN
        case str() | bytes() if value and SECRET_NAME.search(name):
            return HIDDEN
        case BaseModel():
            fields = ((field, getattr(value, field)) for field in type(value).model_fields)
            return f"{type(value).__name__}({', '.join(f'{key}={_show(key, item)}' for key, item in fields)})"
        case Mapping():
            pairs = cast("Mapping[Any, Any]", value).items()
            return "{" + ", ".join(f"{key!r}: {_show(str(key), item)}" for key, item in pairs) + "}"
        case list() | tuple() | set() | frozenset():
            items = [_show(name, item) for item in cast("Iterable[Any]", value)]
            start, end = "()" if isinstance(value, tuple) else "[]" if isinstance(value, list) else "{}"
            comma = "," if isinstance(value, tuple) and len(items) == 1 else ""
            return f"{start}{', '.join(items)}{comma}{end}"
        case _:
            return redact_urls(repr(value))
