"""From what was typed to the bytes that are hashed."""

import unicodedata

__all__ = ["encoded_text", "forms"]


def forms(password: str) -> list[str]:
    """Return the texts that a hash may be of: in NFKC, so that one keyboard's é is another's; then as it was typed,
    which is what Django hashed."""
    normal = unicodedata.normalize("NFKC", password)
    return [normal] if normal == password else [normal, password]


def encoded_text(text: str) -> bytes:
    """Return the bytes of a text, half a surrogate pair included: a client may send anything."""
    return text.encode("utf-8", "surrogatepass")
