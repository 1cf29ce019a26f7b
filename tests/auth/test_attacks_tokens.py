"""Access tokens that somebody forged, changed, or brought from elsewhere. Every one is refused, and none breaks."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from pems import ED, RSA, new_ed

from framework import Settings
from framework.auth.settings import TokenSettings
from framework.auth.signing.access import AccessTokens
from framework.auth.signing.derivation import derived
from framework.auth.signing.keys import SigningKeys
from framework.errors import Unauthenticated

SECRET = "only for tests " * 4
LOGIN = uuid4()


def tokens_of(secret: str = SECRET, **tokens: Any) -> AccessTokens:
    settings = Settings(_environ={}, _env_file=None, _secrets_dir=None, secret_key=secret)
    made = TokenSettings(**tokens)
    return AccessTokens(SigningKeys.of(settings, made), made)


@pytest.fixture(params=["HS256", "RS256", "EdDSA"])
def tokens(request: pytest.FixtureRequest) -> AccessTokens:
    """The tokens of projects that sign in each of the ways."""
    return tokens_of(algorithm=request.param, keys=(RSA, ED))


def refused(tokens: AccessTokens, token: str) -> str:
    with pytest.raises(Unauthenticated) as caught:
        tokens.verify(token)
    return caught.value.reason


def encoded(part: object) -> str:
    raw = part if isinstance(part, bytes) else json.dumps(part).encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def claims_of(token: str) -> dict[str, Any]:
    return jwt.decode(token, options={"verify_signature": False})


def resigned(tokens: AccessTokens, change: Callable[[dict[str, Any]], object]) -> str:
    """Return a token with changed claims and a right signature, as another program with the key could make it."""
    key = tokens._keys.current
    claims = claims_of(tokens.make(1, LOGIN))
    change(claims)
    # pyjwt itself refuses to write some of these.
    head = encoded({"alg": key.algorithm, "typ": "JWT", "kid": key.id})
    signed = f"{head}.{encoded(claims)}"
    return f"{signed}.{encoded(signature(signed.encode(), key))}"


def signature(message: bytes, key: Any) -> bytes:
    algorithm = jwt.get_algorithm_by_name(key.algorithm)
    return algorithm.sign(message, algorithm.prepare_key(key.signing))


def test_the_way_these_tests_sign_is_good_when_nothing_is_changed(tokens: AccessTokens) -> None:
    assert tokens.verify(resigned(tokens, lambda claims: None)).user_id == 1


@pytest.mark.parametrize("name", ["none", "None", "NONE", "nOnE", ""])
@pytest.mark.parametrize("with_kid", [True, False])
def test_a_token_that_claims_to_need_no_signature_is_refused(tokens: AccessTokens, name: str, with_kid: bool) -> None:
    kid = {"kid": tokens._keys.current.id} if with_kid else {}
    body = encoded(claims_of(tokens.make(1, LOGIN)))
    for ending in ("", "AAAA", encoded(b"x" * 32)):
        assert refused(tokens, f"{encoded({'alg': name, 'typ': 'JWT', **kid})}.{body}.{ending}") == "invalid"


@pytest.mark.parametrize("form", ["PEM", "DER"])
@pytest.mark.parametrize("pem", [RSA, ED], ids=["RS256", "EdDSA"])
def test_a_public_key_is_no_secret_to_sign_with(pem: str, form: str) -> None:
    algorithm = "RS256" if pem is RSA else "EdDSA"
    tokens = tokens_of(algorithm=algorithm, keys=(pem,))
    public = serialization.load_pem_private_key(pem.encode(), password=None).public_key()
    secret = public.public_bytes(getattr(serialization.Encoding, form), serialization.PublicFormat.SubjectPublicKeyInfo)
    for name, digest in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")):
        signed = (
            f"{encoded({'alg': name, 'typ': 'JWT', 'kid': tokens._keys.current.id})}"
            f".{encoded(claims_of(tokens.make(1, LOGIN)))}"
        )
        mac = hmac.digest(secret, signed.encode(), digest)
        assert refused(tokens, f"{signed}.{encoded(mac)}") == "invalid"


def test_a_key_verifies_by_its_own_algorithm_only() -> None:
    tokens = tokens_of()
    key = tokens._keys.current
    for name, digest in (("HS384", "sha384"), ("HS512", "sha512")):
        signed = f"{encoded({'alg': name, 'kid': key.id})}.{encoded(claims_of(tokens.make(1, LOGIN)))}"
        assert refused(tokens, f"{signed}.{encoded(hmac.digest(key.signing, signed.encode(), digest))}") == "invalid"


def test_one_key_of_a_project_does_not_sign_under_the_id_of_another() -> None:
    tokens = tokens_of(keys=(RSA, ED))
    one, *others = tokens._keys.all
    for other in others:
        head = encoded({"alg": one.algorithm, "kid": other.id})
        signed = f"{head}.{encoded(claims_of(tokens.make(1, LOGIN)))}"
        assert refused(tokens, f"{signed}.{encoded(signature(signed.encode(), one))}") == "invalid"


def test_the_secret_key_itself_signs_nothing_and_neither_does_a_key_of_another_purpose() -> None:
    tokens = tokens_of()
    for secret in (SECRET.encode(), derived(SECRET, "csrf token"), hashlib.sha256(SECRET.encode()).digest()):
        forged = jwt.encode(claims_of(tokens.make(1, LOGIN)), secret, "HS256", headers={"kid": tokens._keys.current.id})
        assert refused(tokens, forged) == "invalid"


@pytest.mark.parametrize(
    "kid",
    [
        "../../../../dev/null",
        "/dev/null",
        "file:///etc/passwd",
        "http://127.0.0.1/key",
        "' OR 1=1 --",
        "unknown",
        "",
        "\x00",
        "x" * 3000,
        None,
        7,
        ["a"],
        {"a": 1},
        True,
    ],
    ids=repr,
)
def test_an_id_that_no_key_has_is_refused_and_opens_no_file(kid: object, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = tokens_of()
    claims = claims_of(tokens.make(1, LOGIN))

    def opened(*arguments: object, **options: object) -> None:
        raise AssertionError(arguments)

    monkeypatch.setattr(Path, "open", opened)
    monkeypatch.setattr("builtins.open", opened)
    for secret in (b"", b"\x00"):
        signed = f"{encoded({'alg': 'HS256', 'kid': kid})}.{encoded(claims)}"
        mac = hmac.digest(secret, signed.encode(), "sha256")
        assert refused(tokens, f"{signed}.{encoded(mac)}") == "invalid"


def test_a_key_that_a_token_brings_along_counts_for_nothing(tokens: AccessTokens) -> None:
    public = json.loads(
        jwt.get_algorithm_by_name("EdDSA").to_jwk(
            serialization.load_pem_private_key(new_ed().encode(), password=None).public_key()
        )
    )
    head = {"alg": "EdDSA", "jwk": public, "jku": "http://127.0.0.1/keys", "x5u": "http://127.0.0.1/x"}
    forged = jwt.encode(claims_of(tokens.make(1, LOGIN)), new_ed(), "EdDSA", headers=head)
    assert refused(tokens, forged) == "invalid"


@pytest.mark.parametrize("kind", ["refresh", "reset", "verify_email", "", None, 1, "Access", ["access"]])
def test_a_token_of_another_type_is_refused(tokens: AccessTokens, kind: object) -> None:
    assert refused(tokens, resigned(tokens, lambda claims: claims.update(type=kind))) == "invalid"


@pytest.mark.parametrize("name", ["iss", "aud", "sub", "jti", "iat", "exp", "type", "sid"])
def test_a_token_that_leaves_a_claim_out_is_refused(tokens: AccessTokens, name: str) -> None:
    assert refused(tokens, resigned(tokens, lambda claims: claims.pop(name))) == "invalid"


@pytest.mark.parametrize(
    "change",
    [
        {"sub": 1},
        {"sub": "one"},
        {"sub": None},
        {"sub": ""},
        {"sid": "no-uuid"},
        {"sid": 5},
        {"sid": None},
        {"jti": 5},
        {"iat": "yesterday"},
        {"iat": 2**35},
        {"exp": "never"},
        {"exp": None},
        {"exp": [1]},
        {"exp": float("inf")},
        {"aud": ["api", "other"]},
        {"aud": {}},
        {"iss": ["framework"]},
        {"scope": ["posts:write"]},
        {"scope": 5},
    ],
    ids=repr,
)
def test_a_claim_of_the_wrong_type_is_refused_and_breaks_nothing(tokens: AccessTokens, change: dict[str, Any]) -> None:
    assert refused(tokens, resigned(tokens, lambda claims: claims.update(change))) == "invalid"


def test_an_expired_token_is_refused_as_expired(tokens: AccessTokens) -> None:
    assert refused(tokens, resigned(tokens, lambda claims: claims.update(exp=time.time() - 6))) == "expired"
    assert tokens.verify(resigned(tokens, lambda claims: claims.update(exp=time.time() - 2))).user_id == 1


def test_a_token_of_another_project_is_refused() -> None:
    tokens = tokens_of()
    for other in ({"issuer": "shop"}, {"audience": "admin"}, {"secret": SECRET + "2"}):
        assert refused(tokens, tokens_of(**other).make(1, LOGIN)) == "invalid"
    # Those who share a key tell their tokens apart by issuer and audience, whatever keys say.
    one, two = (tokens_of(algorithm="EdDSA", keys=(ED,), issuer=name) for name in ("one", "two"))
    assert one.verify(one.make(1, LOGIN)).user_id == 1
    assert refused(two, one.make(1, LOGIN)) == "invalid"


def test_a_token_with_any_character_changed_is_refused(tokens: AccessTokens) -> None:
    made = tokens.make(1, LOGIN)
    tokens.verify(made)  # and so it is remembered
    dots = [index for index, character in enumerate(made) if character == "."]
    for index in range(0, len(made), 7):
        # The last character of a part may hold bits that mean nothing.
        if index in dots or index + 1 in (*dots, len(made)):
            continue
        changed = "A" if made[index] != "A" else "B"
        assert refused(tokens, made[:index] + changed + made[index + 1 :]) == "invalid"


@pytest.mark.parametrize(
    "token",
    ["", ".", "..", "a.b.c", "a.b.c.d", "é.é.é", "\x00", "x" * 10_000, "e30.e30.e30", "bnVsbA.bnVsbA.", "W10.W10.W10"],
    ids=lambda token: repr(token[:20]),
)
def test_what_is_no_token_at_all_is_refused(tokens: AccessTokens, token: str) -> None:
    assert refused(tokens, token) == "invalid"
