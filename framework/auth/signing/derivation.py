"""Keys of one purpose each, derived from the project's secret key."""

import hmac

__all__ = ["derived"]


def derived(secret: str, purpose: str) -> bytes:
    """Return 32 bytes that only who has `secret` can compute, others for every `purpose` (HKDF-SHA256, RFC 5869).

    One key per purpose: what is signed for one is never good for another, and no use wears out the secret itself.
    """
    extracted = hmac.digest(b"framework.auth", secret.encode(), "sha256")
    return hmac.digest(extracted, purpose.encode() + b"\x01", "sha256")
