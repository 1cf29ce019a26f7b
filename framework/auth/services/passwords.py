"""Passwords: hashed and verified in threads of the project's own, and judged before they are taken."""

from contextlib import AbstractAsyncContextManager
from functools import partial

from framework.auth.passwords.hasher import Hasher
from framework.auth.passwords.loading import hashers_of, validators_of
from framework.auth.passwords.text import forms
from framework.auth.passwords.threads import Threads
from framework.auth.settings import PasswordSettings
from framework.errors import Invalid
from framework.users import UserBase

__all__ = ["Passwords"]


class Passwords:
    """Hashes and judges passwords of any length. One object for the whole project; nothing slow runs in the loop.

    Raises `ImproperlyConfigured` when it is made, for hashers and validators that cannot be used.
    """

    def __init__(self, settings: PasswordSettings) -> None:
        hashers = hashers_of(settings)
        self._preferred = hashers[0]
        self._hashers = {hasher.algorithm: hasher for hasher in reversed(hashers)}
        self._validators = validators_of(settings)
        self._threads = Threads(settings.workers, settings.max_waiting)

    async def hash(self, password: str) -> str:
        """Return a new hash of the password."""
        return await self._threads.run(lambda: self._preferred.hash(forms(password)[0]))

    async def verify(self, password: str, encoded: str) -> bool:
        """Tell whether `encoded` is a hash of the password.

        Something else than a hash takes as long as a hash that is not of the password; so does one of a lower cost.
        One of another algorithm takes its own time until it is replaced.
        """
        return await self._threads.run(partial(self._verify, password, encoded))

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Wait for one's turn, where many come at once: `async with passwords.turn():` around a read and `verify`.

        A few at a time leave the loop and the database's connections to other requests. Write afterwards.
        """
        return self._threads.turn()

    def needs_upgrade(self, encoded: str) -> bool:
        """Tell whether a hash was made by another hasher than the first, or with another cost."""
        return self._hasher_of(encoded) is not self._preferred or self._preferred.needs_upgrade(encoded)

    async def validate(self, password: str, user: UserBase | None = None, *, field: str = "password") -> None:
        """Raise `Invalid` with all that is wrong with a new password, under the name of its field."""
        if problems := await self.problems(password, user):
            raise Invalid("password", fields={field: " ".join(problems)})

    async def problems(self, password: str, user: UserBase | None = None) -> list[str]:
        """Return what is wrong with a new password, a sentence each."""
        return await self._threads.run(partial(self._problems, password, user))

    def requirements(self) -> list[str]:
        """Return what a new password must be like, a sentence each, for whoever is about to choose one."""
        return [validator.help for validator in self._validators]

    async def close(self) -> None:
        """End the threads. Passwords that are used again start new ones."""
        await self._threads.close()

    def _hasher_of(self, encoded: str) -> Hasher | None:
        return self._hashers.get(encoded.partition("$")[0])

    def _verify(self, password: str, encoded: str) -> bool:
        typed = forms(password)
        hasher = self._hasher_of(encoded)
        if hasher is None:
            for form in typed:
                self._preferred.hash(form)
            return False
        if any(hasher.verify(form, encoded) for form in typed):
            return True
        if hasher is self._preferred:
            for form in typed:
                hasher.harden(form, encoded)
        return False

    def _problems(self, password: str, user: UserBase | None) -> list[str]:
        found = (validator.problem(forms(password)[0], user) for validator in self._validators)
        return [problem for problem in found if problem is not None]
