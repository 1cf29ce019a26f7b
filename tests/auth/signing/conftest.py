"""Keys, and the settings that name them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from framework import Settings
from framework.auth.settings import TokenSettings
from framework.auth.signing.access import AccessTokens
from framework.auth.signing.keys import SigningKeys

SECRET = "only for tests " * 4

type MakeKeys = Callable[..., SigningKeys]


@pytest.fixture
def make_keys(tmp_path: Path) -> MakeKeys:
    """Return the keys of a project with these settings of tokens: `make_keys(algorithm="EdDSA", keys=(...,))`."""

    def make(*, secret: str = SECRET, debug: bool = False, **tokens: Any) -> SigningKeys:
        settings = Settings(
            _root=tmp_path, _environ={}, _env_file=None, _secrets_dir=None, secret_key=secret, debug=debug
        )
        return SigningKeys.of(settings, TokenSettings(**tokens))

    return make


@pytest.fixture
def make_tokens(make_keys: MakeKeys) -> Callable[..., AccessTokens]:
    """Return the access tokens of a project with these settings."""

    def make(*, secret: str = SECRET, **tokens: Any) -> AccessTokens:
        return AccessTokens(make_keys(secret=secret, **tokens), TokenSettings(**tokens))

    return make
