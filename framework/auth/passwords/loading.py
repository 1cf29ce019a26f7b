"""From the import paths of the settings to hashers and validators."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from framework.auth.passwords.hasher import Hasher
from framework.auth.passwords.validator import PasswordValidator
from framework.auth.settings import PasswordSettings
from framework.errors import ImproperlyConfigured

__all__ = ["hashers_of", "validators_of"]


def hashers_of(settings: PasswordSettings) -> list[Hasher]:
    """Return the hashers, the one that makes new hashes first. Raises `ImproperlyConfigured` when one cannot be."""
    hashers = [made(path, Hasher, settings) for path in settings.hashers]
    hashers[0].prepare()
    return hashers


def validators_of(settings: PasswordSettings) -> list[PasswordValidator]:
    """Return the validators in order. Raises `ImproperlyConfigured` for a wrong path or option."""
    return [made(path, PasswordValidator, **options) for path, options in settings.validators.items()]


def made[T](path: str, kind: type[T], *arguments: Any, **options: Any) -> T:
    """Return a new object of the class at an import path, which must be a `kind`."""
    module, colon, name = path.partition(":")
    try:
        class_: object = getattr(import_module(module), name) if colon else None
    except (ImportError, AttributeError, ValueError) as error:
        raise wrong(path, f"cannot be imported: {error}") from error
    if not (isinstance(class_, type) and issubclass(class_, kind)):
        raise wrong(path, f"is no {kind.__name__}")
    make: Callable[..., T] = class_
    try:
        return make(*arguments, **options)
    except (TypeError, ValueError) as error:
        raise wrong(path, f"cannot be made with its options: {error}") from error


def wrong(path: str, why: str) -> ImproperlyConfigured:
    return ImproperlyConfigured(
        f"{path!r} in the setting auth.passwords {why}.",
        hint="Write it as 'package.module:Class', with the arguments of its __init__ for options.",
        code="auth.passwords",
    )
