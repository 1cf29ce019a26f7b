"""Which keys a project has: what signs, what else verifies, what is refused."""

import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from pems import ED, RSA, new_ed

from framework.errors import ImproperlyConfigured


def pem(key: Any) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


def public_pem(private: str) -> str:
    key = serialization.load_pem_private_key(private.encode(), password=None).public_key()
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def test_by_default_a_key_derived_from_the_secret_signs_and_not_the_secret_itself(make_keys: Any) -> None:
    (key,) = make_keys().all
    assert key.algorithm == "HS256"
    assert len(key.signing) == 32
    assert b"only for tests" not in key.signing
    assert "only for tests" not in repr(key)
    assert key.signing.hex() not in repr(key)


def test_a_short_secret_key_signs_nothing_outside_debug(make_keys: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="5 bytes") as caught:
        _ = make_keys(secret="short").current
    assert caught.value.code == "security.secret-key"


def test_a_short_former_secret_is_refused_also_in_debug(make_keys: Any) -> None:
    with pytest.raises(ImproperlyConfigured, match="has 31 bytes, fewer than 32") as caught:
        _ = make_keys(debug=True, former_secrets=("x" * 31,)).all
    assert caught.value.code == "auth.short-key"


@pytest.mark.parametrize("algorithm", ["EdDSA", "RS256"])
def test_a_key_in_a_file_or_in_the_settings_signs_and_has_one_id(
    make_keys: Any, tmp_path: Path, algorithm: str
) -> None:
    made = RSA if algorithm == "RS256" else ED
    (tmp_path / "key.pem").write_text(made)
    from_file = make_keys(algorithm=algorithm, keys=("key.pem",)).current
    from_text = make_keys(algorithm=algorithm, keys=(made,)).current
    assert from_file.algorithm == algorithm
    assert from_file.id == from_text.id
    assert from_file.signing is not None


def test_the_first_private_key_of_the_algorithm_signs_and_the_others_verify(make_keys: Any) -> None:
    new = new_ed()
    keys = make_keys(algorithm="EdDSA", keys=(public_pem(ED), RSA, new, ED))
    assert keys.current.id == make_keys(algorithm="EdDSA", keys=(new,)).current.id
    assert {key.algorithm for key in keys.all} == {"EdDSA", "RS256"}
    assert "HS256" not in {key.algorithm for key in keys.all}


def test_an_algorithm_without_a_key_names_the_command_that_makes_one(make_keys: Any) -> None:
    for keys in ((), (RSA,), (public_pem(ED),)):
        with pytest.raises(ImproperlyConfigured, match="names no private key") as caught:
            _ = make_keys(algorithm="EdDSA", keys=keys).current
        assert "createkey --algorithm EdDSA" in str(caught.value)


@pytest.mark.parametrize(
    ("key", "code", "words"),
    [
        (pem(rsa.generate_private_key(65537, 1024)), "auth.short-key", "1024 bits"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "auth.signing-key", "neither an RSA nor an Ed25519"),
        ("-----BEGIN PRIVATE KEY-----\nnothing\n-----END PRIVATE KEY-----", "auth.signing-key", "no key in PEM"),
        ("not/there.pem", "auth.signing-key", "No such file"),
    ],
    ids=["short", "other kind", "broken", "missing"],
)
def test_a_key_that_cannot_be_used_is_refused_by_a_sentence(make_keys: Any, key: str, code: str, words: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=words) as caught:
        _ = make_keys(algorithm="RS256", keys=(key,)).current
    assert caught.value.code == code
    assert "PRIVATE KEY" not in str(caught.value)


def test_without_cryptography_a_sentence_says_what_to_install(make_keys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.serialization", None)
    with pytest.raises(ImproperlyConfigured, match="cryptography") as caught:
        _ = make_keys(algorithm="EdDSA", keys=(ED,)).current
    assert caught.value.hint == "pip install 'framework[crypto]'"
