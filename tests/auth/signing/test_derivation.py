"""Keys derived from the secret key."""

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from framework.auth.signing.derivation import derived

SECRET = "only for tests " * 4


def test_a_derived_key_is_what_hkdf_of_rfc_5869_gives() -> None:
    hkdf = HKDF(hashes.SHA256(), length=32, salt=b"framework.auth", info=b"access token")
    assert derived(SECRET, "access token") == hkdf.derive(SECRET.encode())


def test_every_purpose_and_every_secret_has_a_key_of_its_own() -> None:
    keys = {derived(secret, purpose) for secret in (SECRET, SECRET + "2") for purpose in ("a", "b")}
    assert len(keys) == 4
