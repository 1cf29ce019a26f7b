"""Secrets that are looked up: drawn at random, handed out once, and stored as a hash."""

import hashlib
import secrets

__all__ = ["digest", "new_secret"]


def new_secret() -> str:
    """Return a secret that nobody can guess: 256 random bits."""
    return secrets.token_urlsafe(32)


def digest(secret: str) -> str:
    """Return what is stored of a secret. Who reads the table learns nothing to log in with.

    A plain hash is enough: what is drawn from 2**256 is not found by trying, however fast that goes.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
