"""Mail addresses as headers and servers want them: one an entry, no line breaks, domains in ASCII."""

import re
from typing import TYPE_CHECKING

from framework.errors import Invalid

if TYPE_CHECKING:
    from email.headerregistry import Address

__all__ = ["is_address", "parse_address", "refuse_control_characters"]

CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
"""What ends a header's line, or might for somebody who reads it, and what has no business in one."""
# No quoted local parts and no address literals: they are legal, nobody has one, and servers read them differently.
MAILBOX = r"[^\s<>@\"(),:;\\\[\]]{1,64}@[^\s<>@\"(),:;\\\[\]]{1,253}"
# Not `email.utils.getaddresses`, which makes `ann@example.com` of `ann@exa mple.com`.
ADDRESS = re.compile(rf'(?:(?P<name>[^<>"]*|"(?:[^"\\]|\\.)*")\s*<(?P<inner>{MAILBOX})>)|(?P<bare>{MAILBOX})')


def refuse_control_characters(text: str, field: str) -> str:
    """Return `text`, or raise `Invalid` when it holds a line break or another control character."""
    if CONTROL.search(text):
        problem = f"{text!r} holds a line break or another control character."
        raise Invalid("mail", fields={field: problem}, code="mail.header")
    return text


def is_address(text: str) -> bool:
    """Tell whether `text` looks like one address; its domain is looked at when a mail is made."""
    return not CONTROL.search(text) and ADDRESS.fullmatch(text.strip()) is not None


def parse_address(text: str, field: str) -> "Address":
    """Return the one address in `text`: `ann@example.com` or `Ann <ann@example.com>`. Anything else is `Invalid`.

    A name that may hold `<`, `>` or `"` goes in by `email.utils.formataddr((name, address))`, which quotes it.
    """
    # Not above: settings ask for the shape of an address, and don't wait for the standard library's parser.
    from email.headerregistry import Address
    from email.utils import unquote

    found = ADDRESS.fullmatch(refuse_control_characters(text, field).strip())
    if found is None:
        raise Invalid("mail", fields={field: f"{text!r} is no mail address."}, code="mail.address")
    local, _, domain = (found["inner"] or found["bare"]).rpartition("@")
    try:
        return Address(unquote((found["name"] or "").strip()), local, domain.encode("idna").decode("ascii"))
    except ValueError:
        raise Invalid("mail", fields={field: f"{text!r} has no usable domain."}, code="mail.address") from None
