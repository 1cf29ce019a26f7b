"""The keys of a project: one signs, all of them verify, each by one algorithm and under an id of its own."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from framework.auth.settings import TokenSettings
from framework.auth.signing.derivation import derived
from framework.auth.signing.pem import read_pem
from framework.conf import Settings
from framework.errors import ImproperlyConfigured

__all__ = ["SigningKey", "SigningKeys"]

SHORTEST_SECRET = 32
"""In bytes: as long as the hash of HS256 (RFC 7518, section 3.2)."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key. `algorithm` is the only one that a signature by it may have."""

    id: str
    """`kid` in the head of a token."""
    algorithm: str
    verifying: Any = field(repr=False)
    """The secret or the public key."""
    signing: Any = field(default=None, repr=False)
    """The secret or the private key; `None` for a key that only verifies."""


class SigningKeys:
    """The keys of a project. They are read when the first is asked for, and then stay."""

    def __init__(self, read: Callable[[], Iterable[SigningKey]]) -> None:
        self._read = read

    @classmethod
    def of(cls, settings: Settings, tokens: TokenSettings) -> "SigningKeys":
        """Return the keys that the settings name.

        Asking for one raises `ImproperlyConfigured` for a key that is missing, short, or of another kind.
        """
        return cls(lambda: read_keys(settings, tokens))

    @cached_property
    def all(self) -> tuple[SigningKey, ...]:
        """Every key that verifies; the first is the one that signs."""
        return tuple(self._read())

    @cached_property
    def _by_id(self) -> dict[str, SigningKey]:
        return {key.id: key for key in self.all}

    @property
    def current(self) -> SigningKey:
        """The key that signs."""
        return self.all[0]

    def find(self, id_: object) -> SigningKey | None:
        """Return the key called `id_`, or `None`. It is looked up and means nothing else: no file, no address."""
        return self._by_id.get(id_) if isinstance(id_, str) else None


def read_keys(settings: Settings, tokens: TokenSettings) -> Iterable[SigningKey]:
    """Return the keys that the settings name, the one that signs first."""
    found = [pem_key(secret.get_secret_value(), settings) for secret in tokens.keys]
    former = [secret_key(checked(secret.get_secret_value())) for secret in tokens.former_secrets]
    if tokens.algorithm == "HS256":
        return [secret_key(settings.require_secret_key()), *former, *found]
    able = [key for key in found if key.signing is not None and key.algorithm == tokens.algorithm]
    if not able:
        raise ImproperlyConfigured(
            f"auth.tokens.algorithm is {tokens.algorithm!r}, and auth.tokens.keys names no private key for it.",
            hint=f"Make one: python manage.py createkey --algorithm {tokens.algorithm}",
            code="auth.signing-key",
        )
    return [able[0], *(key for key in found if key is not able[0]), *former]


def secret_key(secret: str) -> SigningKey:
    """Return the key derived from a secret."""
    key = derived(secret, "access token")
    return SigningKey(derived(secret, "id of the access token key").hex()[:16], "HS256", key, key)


def pem_key(given: str, settings: Settings) -> SigningKey:
    """Return the key of a PEM text or file."""
    pem = read_pem(given, settings.root)
    return SigningKey(pem.id, pem.algorithm, pem.public, pem.private)


def checked(secret: str) -> str:
    """Return a former secret, or refuse a short one."""
    if (length := len(secret.encode())) < SHORTEST_SECRET:
        raise ImproperlyConfigured(
            f"A secret of auth.tokens.former_secrets has {length} bytes, fewer than {SHORTEST_SECRET}.",
            hint="Leave it out: whoever guesses it can sign tokens. People whose tokens it signed refresh them.",
            code="auth.short-key",
        )
    return secret
