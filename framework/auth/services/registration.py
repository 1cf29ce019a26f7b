"""How people become users. Knows no web."""

from datetime import UTC, datetime
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import to_jsonable_python

from framework.auth.logins import valid_email
from framework.auth.services.action_tokens import ActionTokens
from framework.auth.services.attempts import Attempts
from framework.auth.services.audit import Audit
from framework.auth.services.notices import Notices
from framework.auth.services.passwords import Passwords
from framework.auth.services.users import Users
from framework.auth.settings import AuthSettings
from framework.db import ReadRepository, ReadSession
from framework.errors import Conflict, PermissionDenied
from framework.mail import Message
from framework.services import service
from framework.users import UserBase

__all__ = ["Registration"]


@service
class Registration:
    """Lets people become users, as `auth.registration` says.

    Where addresses are verified, no answer tells whether one has an account, by what it says or by its time: what
    depends on that is done in the background, and said by mail to whoever reads it. The account comes into being with
    the click on that mail, so nobody can take an address that is not theirs. What `fields` may hold are the project's
    own fields of a user; privileges are errors.
    """

    def __init__(
        self,
        reading: ReadSession,
        users: Users,
        passwords: Passwords,
        tokens: ActionTokens,
        attempts: Attempts,
        notices: Notices,
        audit: Audit,
        settings: AuthSettings,
        model: type[UserBase],
    ) -> None:
        self._read = ReadRepository(reading, model)
        self._users = users
        self._passwords = passwords
        self._tokens = tokens
        self._attempts = attempts
        self._notices = notices
        self._audit = audit
        self._settings = settings.registration
        self._model = model

    async def register(
        self, *, email: str, password: str, username: str | None = None, **fields: Any
    ) -> UserBase | None:
        """Store a new user and return them; or `None` where a mail has to be answered first.

        Raises `PermissionDenied` unless registration is open, `Invalid` with what is wrong with a field, and `Conflict`
        for a taken username: those are public. A taken address is one only where addresses are not verified.
        """
        if self._settings.mode != "open":
            raise closed()
        user = self._users.draft(email=email, username=username, **fields)
        await self._attempts.send("registration", user.email)
        if user.username is not None:
            await self._require_free(username=user.username)
        encoded = await self._judged(password, user)
        if not self._settings.verify_email:
            user.password = encoded
            return await self._users.add(user)
        data = {"password": encoded, "username": user.username, "fields": to_jsonable_python(fields)}
        self._notices.send_later(Registration, lambda self: self._mail(user.email, data))
        return None

    async def confirm(self, token: str) -> UserBase:
        """Store the user whose registration a mail was sent for.

        Raises `Invalid` (`link_invalid`), and `Conflict` when their address or name was taken meanwhile.
        """
        await self._attempts.follow()
        found = await self._tokens.use("registration", token)
        fields = self._restored(found.data["fields"])
        user = self._users.draft(email=found.email, username=found.data["username"], **fields)
        return await self._add_verified(user, found.data["password"])

    async def invite(self, email: str, *, by: UserBase | None = None) -> None:
        """Send somebody a link by which to register, unless registration is closed.

        Raises `Conflict` when they have an account: who may invite may know.
        """
        if self._settings.mode == "closed":
            raise closed()
        email = valid_email(email)
        await self._require_free(email=email)
        await self._audit.record("user.invited", user=by, login=email)
        self._notices.send(await self._notices.write_link("invite", email, ttl=self._settings.invite_ttl))

    async def accept_invite(self, token: str, *, password: str, username: str | None = None, **fields: Any) -> UserBase:
        """Store a user who was invited. A password that is not good enough leaves the link good."""
        if self._settings.mode == "closed":
            raise closed()
        await self._attempts.follow()
        invited = await self._tokens.peek("invite", token)
        user = self._users.draft(email=invited.email, username=username, **fields)
        encoded = await self._judged(password, user)
        await self._tokens.use("invite", token)
        return await self._add_verified(user, encoded)

    async def _mail(self, email: str, data: dict[str, Any]) -> Message:
        await self._audit.record("registration.asked", login=email)
        if await self._read.exists(email=email):
            return self._notices.write("already_registered", email)
        return await self._notices.write_link("registration", email, ttl=self._settings.ttl, data=data)

    async def _require_free(self, **login: str) -> None:
        """Raise `Conflict` for a taken address or username. Asks outside of any transaction."""
        if await self._read.exists(**login):
            raise Conflict("user", fields=dict.fromkeys(login, "Already taken."))

    async def _judged(self, password: str, user: UserBase) -> str:
        """Return the hash of a password that is good enough, or raise `Invalid`."""
        await self._passwords.validate(password, user)
        return await self._passwords.hash(password)

    async def _add_verified(self, user: UserBase, encoded: str) -> UserBase:
        user.password = encoded
        user.email_verified_at = datetime.now(UTC)
        return await self._users.add(user)

    def _restored(self, fields: dict[str, Any]) -> dict[str, Any]:
        """Return fields as they were before they became JSON."""
        kind_of: Any = {name: field.annotation for name, field in self._model.model_fields.items()}
        return {name: TypeAdapter(kind_of[name]).validate_python(value) for name, value in fields.items()}


def closed() -> PermissionDenied:
    """Return the error for who may not register like this."""
    return PermissionDenied(
        detail="Registration is closed.",
        hint='Open it by AuthSettings(registration=RegistrationSettings(mode="open")).',
        code="registration_closed",
    )
