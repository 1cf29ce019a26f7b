"""Access tokens of one project: what they say, and for how long."""

import time
from typing import Any
from uuid import uuid4

import jwt
import pytest
from pems import ED, RSA, new_ed

from framework.auth.signing import access
from framework.errors import Unauthenticated


@pytest.mark.parametrize("algorithm", ["HS256", "RS256", "EdDSA"])
def test_a_token_says_who_calls_by_which_login_and_within_which_scopes(make_tokens: Any, algorithm: str) -> None:
    tokens = make_tokens(algorithm=algorithm, keys=(RSA, ED))
    login = uuid4()
    made = tokens.make(7, login, scopes=["posts:write", "posts:read"])
    claims = tokens.verify(made)
    assert (claims.user_id, claims.login_id) == (7, login)
    assert claims.scopes == {"posts:read", "posts:write"}
    assert claims.expires_at == pytest.approx(time.time() + 900, abs=2)
    head, body = jwt.get_unverified_header(made), jwt.decode(made, options={"verify_signature": False})
    assert head["alg"] == algorithm
    assert set(head) == {"alg", "typ", "kid"}
    assert body["sub"] == "7"
    assert set(body) == {"iss", "aud", "sub", "jti", "iat", "exp", "type", "sid", "scope"}


def test_a_token_that_nothing_narrows_has_no_scopes_and_one_narrowed_to_nothing_has_none_left(
    make_tokens: Any,
) -> None:
    tokens = make_tokens()
    assert tokens.verify(tokens.make(1, uuid4())).scopes is None
    assert tokens.verify(tokens.make(1, uuid4(), scopes=())).scopes == frozenset()


def test_no_two_tokens_are_alike(make_tokens: Any) -> None:
    tokens, login = make_tokens(), uuid4()
    assert tokens.make(1, login) != tokens.make(1, login)


def test_a_token_does_not_outlive_its_login(make_tokens: Any) -> None:
    tokens = make_tokens()
    ends = time.time() + 60
    assert tokens.verify(tokens.make(1, uuid4(), ends_at=ends)).expires_at == int(ends)


def test_a_remembered_token_expires_like_any_other(make_tokens: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = make_tokens(leeway=0)
    made = tokens.make(1, uuid4())
    assert tokens.verify(made) is tokens.verify(made)
    end = tokens.verify(made).expires_at
    monkeypatch.setattr(time, "time", lambda: end)
    with pytest.raises(Unauthenticated) as caught:
        tokens.verify(made)
    assert caught.value.reason == "expired"


def test_only_so_many_tokens_are_remembered_and_no_bad_ones(make_tokens: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "REMEMBERED", 3)
    tokens = make_tokens()
    made = [tokens.make(number, uuid4()) for number in range(5)]
    first = tokens.verify(made[0])
    for each in made[1:3]:
        tokens.verify(each)
    assert tokens.verify(made[0]) is first  # used again, so it is not the next to go
    for each in made[3:]:
        tokens.verify(each)
    for number in range(9):
        with pytest.raises(Unauthenticated):
            tokens.verify(f"{number}{made[0]}")
    assert len(tokens._verified) == 3


def test_a_token_of_a_former_key_is_good_until_that_is_taken_out(make_tokens: Any) -> None:
    old, new = ED, new_ed()
    made = make_tokens(algorithm="EdDSA", keys=(old,)).make(1, uuid4())
    assert make_tokens(algorithm="EdDSA", keys=(new, old)).verify(made).user_id == 1
    with pytest.raises(Unauthenticated):
        make_tokens(algorithm="EdDSA", keys=(new,)).verify(made)


def test_a_token_of_a_former_secret_is_good_as_long_as_it_is_named(make_tokens: Any) -> None:
    old, new = "the old secret " * 4, "the new secret " * 4
    made = make_tokens(secret=old).make(1, uuid4())
    assert make_tokens(secret=new, former_secrets=(old,)).verify(made).user_id == 1
    with pytest.raises(Unauthenticated):
        make_tokens(secret=new).verify(made)
