"""What people log in by, in the one form in which it is stored and looked up."""

import re
import unicodedata

from framework.errors import Invalid

__all__ = ["normal_email", "normal_username", "storable", "valid_email", "valid_username"]

USERNAME = re.compile(r"[\w.@+-]+")
REPLACEMENT = "\ufffd"
"""Stands for what cannot be a character of a login."""
LONGEST_EMAIL, LONGEST_USERNAME = 254, 150


def normal_email(text: str) -> str:
    """Return an address in NFKC and lower case: what looks the same is the same account."""
    return normal(normal(text).lower())


def normal_username(text: str) -> str:
    """Return a username in NFKC."""
    return normal(text)


def storable(text: str) -> str:
    """Return text with a sign in the place of what no database takes: NUL, and halves of surrogate pairs."""
    return text.replace("\0", REPLACEMENT).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def normal(text: str) -> str:
    """Return text in NFKC, without spaces around it."""
    return unicodedata.normalize("NFKC", storable(text)).strip()


def valid_email(text: str) -> str:
    """Return an address in its normal form, or raise `Invalid`."""
    from email_validator import EmailNotValidError, validate_email  # not above: it takes long to import

    try:
        found = normal_email(validate_email(normal_email(text), check_deliverability=False).normalized)
    except EmailNotValidError:
        found = ""
    if not found or REPLACEMENT in found or len(found) > LONGEST_EMAIL:
        raise Invalid("user", fields={"email": "Enter a valid email address."})
    return found


def valid_username(text: str, *, at_sign: bool) -> str:
    """Return a username in its normal form, or raise `Invalid`; without `at_sign` it may not look like an address."""
    name = normal_username(text)
    if not USERNAME.fullmatch(name):
        problem = "Enter a valid username: letters, digits and @ . + - _ only."
    elif len(name) > LONGEST_USERNAME:
        problem = f"Ensure this value has at most {LONGEST_USERNAME} characters (it has {len(name)})."
    elif "@" in name and not at_sign:
        problem = "A username may not contain @, for people log in by email too."
    else:
        return name
    raise Invalid("user", fields={"username": problem})
