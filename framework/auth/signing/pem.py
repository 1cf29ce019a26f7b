"""Keys in PEM: RSA for RS256, Ed25519 for EdDSA. Loads `cryptography` only where there is one."""

import base64
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from framework.errors import ImproperlyConfigured

__all__ = ["Pem", "new_pem", "read_pem"]

SMALLEST_RSA = 2048
"""In bits (RFC 7518, section 3.3)."""


@dataclass(frozen=True, slots=True)
class Pem:
    """A pair of keys, or the public one alone."""

    id: str
    """Of the public key: the same wherever it is computed."""
    algorithm: str
    public: Any = field(repr=False)
    private: Any = field(repr=False)


def read_pem(given: str, root: Path) -> Pem:
    """Return the keys of a PEM text, or of the file that `given` names, seen from `root`."""
    if given.lstrip().startswith("-----BEGIN"):
        return parsed(given.encode(), "A key of auth.tokens.keys")
    path = root / given
    try:
        return parsed(path.read_bytes(), f"The key in {path}")
    except OSError as error:
        raise ImproperlyConfigured(
            f"The key {path} of auth.tokens.keys cannot be read: {error.strerror}.",
            hint="Make one: python manage.py createkey",
            code="auth.signing-key",
        ) from None


def parsed(pem: bytes, what: str) -> Pem:
    """Return the keys in a PEM."""
    serialization = need_cryptography("cryptography.hazmat.primitives.serialization")
    private: Any = None
    try:
        if b"PRIVATE KEY" in pem:
            private = serialization.load_pem_private_key(pem, password=None)
            public = private.public_key()
        else:
            public = serialization.load_pem_public_key(pem)
    except (ValueError, TypeError) as error:  # TypeError: it is locked by a password
        raise refused(what, f"is no key in PEM without a password: {error}") from None
    der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    id_ = base64.urlsafe_b64encode(hashlib.sha256(der).digest()[:12]).decode()
    return Pem(id_, algorithm_of(public, what), public, private)


def algorithm_of(public: Any, what: str) -> str:
    """Return the algorithm that a key is for."""
    rsa = need_cryptography("cryptography.hazmat.primitives.asymmetric.rsa")
    ed25519 = need_cryptography("cryptography.hazmat.primitives.asymmetric.ed25519")
    if isinstance(public, ed25519.Ed25519PublicKey):
        return "EdDSA"
    if not isinstance(public, rsa.RSAPublicKey):
        raise refused(what, "is neither an RSA nor an Ed25519 key")
    bits: int = getattr(public, "key_size", 0)
    if bits < SMALLEST_RSA:
        raise ImproperlyConfigured(
            f"{what} has {bits} bits, fewer than {SMALLEST_RSA}.",
            hint="Make a longer one: python manage.py createkey --algorithm RS256",
            code="auth.short-key",
        )
    return "RS256"


def refused(what: str, why: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(f"{what} {why}.", hint="Make one: python manage.py createkey", code="auth.signing-key")


def new_pem(algorithm: str) -> bytes:
    """Return a new private key for an algorithm, in PEM."""
    serialization = need_cryptography("cryptography.hazmat.primitives.serialization")
    if algorithm == "RS256":
        rsa = need_cryptography("cryptography.hazmat.primitives.asymmetric.rsa")
        key: Any = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    else:
        ed25519 = need_cryptography("cryptography.hazmat.primitives.asymmetric.ed25519")
        key = ed25519.Ed25519PrivateKey.generate()
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def need_cryptography(module: str) -> Any:
    """Return a module of `cryptography`, which the extra `crypto` installs."""
    from importlib import import_module

    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "cryptography":
            raise
        raise ImproperlyConfigured(
            "Keys for RS256 and EdDSA need the package cryptography, which is not installed.",
            hint="pip install 'framework[crypto]'",
            code="auth.crypto",
        ) from None
