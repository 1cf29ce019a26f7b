"""Hashers: what they take, whose hashes they read, and when a hash is to be replaced."""

import sys
import unicodedata

import pytest

from framework.auth import Hasher, Passwords
from framework.auth.passwords.argon2 import Argon2Hasher
from framework.auth.passwords.bcrypt import BcryptHasher
from framework.auth.passwords.pbkdf2 import Pbkdf2Hasher
from framework.auth.settings import PasswordSettings
from framework.errors import ImproperlyConfigured

HOME = "framework.auth.passwords"
BCRYPT, ARGON2, PBKDF2 = f"{HOME}.bcrypt:BcryptHasher", f"{HOME}.argon2:Argon2Hasher", f"{HOME}.pbkdf2:Pbkdf2Hasher"
CHEAP = PasswordSettings(bcrypt_cost=4)

DJANGO = {
    # Made by Django 6.1 with little work: BCryptSHA256PasswordHasher, PBKDF2PasswordHasher, Argon2PasswordHasher.
    "correct horse": (
        "bcrypt_sha256$$2b$04$WDRvzXtLVmq/M8ykOjTgwe3yk0BSf3B53KLLEjIsytnJyJAjCJciO",
        "pbkdf2_sha256$1000$5Zc6Nkumokgarl9VBZmPtW$rj6Dyxs2wPuXBpOiCH9NTIAZKqOxnnSotWX+fXO9u30=",
        "argon2$argon2id$v=19$m=8,t=1,p=1$UkFQNXo3aThXTWFVSFVEQTB0TWRlSA$BPNZ2Q2f+3KXePM0OwbSMol55owpkVCBdi/3PlA0F4Y",
    ),
    "pässwörd \U0001f40d": (
        "bcrypt_sha256$$2b$04$fo5/kzCzKzExdJA4y1IgcuJTwo9vfohg3e94OVMKcxMQx5rPh3a6m",
        "pbkdf2_sha256$1000$TLMu2e39y9HrkhIj7M11g4$SwrOkob8/gCwKmOrSt2cwAHw+jtoRjlScmzarbW7u1M=",
        "argon2$argon2id$v=19$m=8,t=1,p=1$TmRWMG1zMEdaVVFha2RiUFlaMllGMA$iJOan2RM35FxHpRP+pw5k+rt3791cxvlVSZmyd4umHc",
    ),
    "x" * 100: (
        "bcrypt_sha256$$2b$04$Vk7DwrWRSAZMbvThF.eD8.k33KDSikOZs6NQ3kCod/h.Za7Bd1uW6",
        "pbkdf2_sha256$1000$WffloiHHSsQtLdK80G5Nw8$n+QmHbaAehBLUnp1sskPRXO5yQjeLjinTdiDYgoDDX4=",
        "argon2$argon2id$v=19$m=8,t=1,p=1$anA5aWtzcWtvTElhMVlFejg1MmM4ZQ$/7V6gmIzsmQ5qXhn7jtxzhxORIL9lgc4XYORQrO3tDQ",
    ),
}


class QuickArgon2(Argon2Hasher):
    time_cost = 1
    memory_cost = 8
    parallelism = 1


class QuickPbkdf2(Pbkdf2Hasher):
    iterations = 1000


HASHERS = [BcryptHasher(CHEAP), QuickArgon2(CHEAP), QuickPbkdf2(CHEAP)]


@pytest.mark.parametrize("password", DJANGO, ids=["plain", "unicode", "long"])
@pytest.mark.parametrize("index", range(3), ids=["bcrypt", "pbkdf2", "argon2"])
async def test_hashes_of_django_are_read(password: str, index: int) -> None:
    passwords = Passwords(CHEAP)
    encoded = DJANGO[password][index]
    assert await passwords.verify(password, encoded)
    assert not await passwords.verify(password + "x", encoded)
    assert passwords.needs_upgrade(encoded) == (index > 0)
    await passwords.close()


@pytest.mark.parametrize("hasher", HASHERS, ids=lambda hasher: hasher.algorithm)
@pytest.mark.parametrize(
    "password",
    ["", "x" * 72, "x" * 73, "x" * 1_000_000, "a\0b", "\0", "пароль \U0001f40d", "\ud800"],
    ids=["empty", "72", "73", "a million", "NUL", "only NUL", "unicode", "half a pair"],
)
def test_a_password_may_be_anything(hasher: Hasher, password: str) -> None:
    encoded = hasher.hash(password)
    assert encoded.startswith(f"{hasher.algorithm}$")
    assert len(encoded) <= 255
    assert hasher.verify(password, encoded)
    assert not hasher.verify(password + "x", encoded)
    if password != "\0":  # HMAC, and so PBKDF2, takes NUL at the end for none
        assert not hasher.verify(password[:-1] if password else "x", encoded)
    assert not hasher.needs_upgrade(encoded)
    assert hasher.hash(password) != encoded


@pytest.mark.parametrize("hasher", HASHERS, ids=lambda hasher: hasher.algorithm)
@pytest.mark.parametrize("rest", ["", "x", "$$$", "$2b$99$x", "x$y$z", "1000$salt$!", "9" * 30 + "$salt$eA=="])
def test_what_is_no_hash_is_of_no_password(hasher: Hasher, rest: str) -> None:
    assert not hasher.verify("x", f"{hasher.algorithm}${rest}")


async def test_one_letter_typed_in_two_ways_is_one_password() -> None:
    passwords = Passwords(CHEAP)
    composed, decomposed = "caf\u00e9 \ufb01ne", unicodedata.normalize("NFD", "caf\u00e9 fine")
    assert await passwords.verify(decomposed, await passwords.hash(composed))
    assert await passwords.verify(composed, await passwords.hash(decomposed))
    # Django hashed what was typed.
    as_typed = BcryptHasher(CHEAP).hash(decomposed)
    assert await passwords.verify(decomposed, as_typed)
    assert not await passwords.verify(composed, as_typed)
    await passwords.close()


@pytest.mark.parametrize("encoded", ["", "!", "!x", "md5$salt$x", "bcrypt_sha256", "plain text"])
async def test_what_was_made_by_no_hasher_lets_nobody_in(encoded: str) -> None:
    passwords = Passwords(CHEAP)
    for password in ("", "!", "plain text"):
        assert not await passwords.verify(password, encoded)
    assert passwords.needs_upgrade(encoded)
    await passwords.close()


def test_the_work_that_a_lower_cost_saves_is_made_up_for(monkeypatch: pytest.MonkeyPatch) -> None:
    import bcrypt

    work: list[int] = []
    hashpw = bcrypt.hashpw
    monkeypatch.setattr(
        bcrypt, "hashpw", lambda text, salt: (work.append(2 ** int(salt.split(b"$")[2])), hashpw(text, salt))[1]
    )
    old = BcryptHasher(CHEAP).hash("x")
    hasher = BcryptHasher(PasswordSettings(bcrypt_cost=7))
    work.clear()
    hasher.harden("x", old)
    assert 2**4 + sum(work) == 2**7
    work.clear()
    hasher.harden("x", "bcrypt_sha256$$2b$07$damaged")
    assert sum(work) == 2**7


async def test_a_failed_login_with_an_old_hash_does_that_work(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr(BcryptHasher, "harden", lambda self, password, encoded: asked.append(password))
    old = BcryptHasher(CHEAP).hash("x")
    passwords = Passwords(PasswordSettings(bcrypt_cost=5))
    assert await passwords.verify("x", old)
    assert asked == []
    assert not await passwords.verify("y", old)
    assert asked == ["y"]
    await passwords.close()


async def test_the_first_hasher_of_the_settings_makes_new_hashes_and_a_projects_own_may_be_one() -> None:
    passwords = Passwords(PasswordSettings(hashers=(f"{__name__}:QuickPbkdf2", BCRYPT), bcrypt_cost=4))
    assert (await passwords.hash("x")).startswith("pbkdf2_sha256$1000$")
    old = BcryptHasher(CHEAP).hash("x")
    assert await passwords.verify("x", old)
    assert passwords.needs_upgrade(old)
    await passwords.close()


def test_without_its_library_argon2_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "argon2", None)
    Passwords(PasswordSettings(hashers=(BCRYPT, ARGON2)))  # as long as no hash is one of its own
    with pytest.raises(ImproperlyConfigured, match="needs argon2-cffi, which is not installed") as caught:
        Passwords(PasswordSettings(hashers=(ARGON2, BCRYPT)))
    assert caught.value.hint == "pip install 'framework[argon2]'"


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("nonsense", "is no Hasher"),
        ("no.such:Hasher", "cannot be imported: No module named 'no'"),
        ("framework.auth.passwords.bcrypt:Missing", "cannot be imported"),
        ("framework.auth.passwords.validators:LengthValidator", "is no Hasher"),
        (":x", "cannot be imported"),
    ],
)
def test_a_wrong_path_is_named_when_the_project_loads(path: str, why: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=f"'{path}' in the setting auth.passwords {why}"):
        Passwords(PasswordSettings(hashers=(path,)))
