"""How people become users. Knows no web."""

from datetime import UTC, datetime
from typing import Any

from framework.auth.logins import valid_email
from framework.auth.services.action_tokens import ActionTokens
from framework.auth.services.attempts import Attempts
from framework.auth.services.audit import Audit
from framework.auth.services.notices import Notices
from framework.auth.services.passwords import Passwords
from framework.auth.services.users import Users
from framework.auth.settings import AuthSettings
from framework.db import ReadRepository, ReadSession
from framework.errors import Conflict, Invalid, PermissionDenied
from framework.mail import Message
from framework.services import service
from framework.users import UserBase

__all__ = ["Registration"]


@service
class Registration:
    """Lets people become users, as `auth.registration` says.

    Where addresses are verified, no answer tells whether one has an account, by what it says or by its time: what
    depends on that is done in the background, and said by mail to whoever reads it. The account comes into being with
    the link in that mail, and all that it holds is said by who followed it. So nobody can take an address that is not
    theirs, nor ask for an account in another's name and come in later by a password of their own. What `fields` may
    hold are the project's own fields of a user; privileges are errors.
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

    async def register(
        self, *, email: str, password: str | None = None, username: str | None = None, **fields: Any
    ) -> UserBase | None:
        """Send somebody a link by which to register, and return `None`; all but the address is for `confirm`.

        Where addresses are not verified, store the user and return them. Raises `PermissionDenied` unless registration
        is open, `Invalid` with what is wrong with a field or comes too early, and `Conflict` for what is taken.
        """
        if self._settings.mode != "open":
            raise closed()
        if not self._settings.verify_email:
            return await self._register_now(email, password, username, fields)
        early = [name for name, value in {"password": password, "username": username, **fields}.items() if value]
        if early:
            raise Invalid(
                "user",
                fields=dict.fromkeys(
                    early, "Not taken here: send it to /register/confirm, with the token of the mail."
                ),
            )
        email = valid_email(email)
        await self._attempts.send("registration", email)
        self._notices.send_later(Registration, lambda self: self._mail(email))
        return None

    async def confirm(self, token: str, *, password: str, username: str | None = None, **fields: Any) -> UserBase:
        """Store the user whose registration a mail was sent for. What is not good enough leaves the link good.

        Raises `Invalid` (with `link_invalid` for the link), and `Conflict` when their address or name is taken.
        """
        return await self._follow("registration", token, password, username, fields)

    async def invite(self, email: str, *, by: UserBase | None = None) -> None:
        """Send somebody a link by which to register, unless registration is closed.

        Raises `Conflict` when they have an account: who may invite may know.
        """
        if self._settings.mode == "closed":
            raise closed()
        email = valid_email(email)
        if await self._read.exists(email=email):
            raise Conflict("user", fields={"email": "Already taken."})
        await self._audit.record("user.invited", user=by, login=email)
        self._notices.send(await self._notices.write_link("invite", email, ttl=self._settings.invite_ttl))

    async def accept_invite(self, token: str, *, password: str, username: str | None = None, **fields: Any) -> UserBase:
        """Store a user who was invited, as `confirm` does."""
        if self._settings.mode == "closed":
            raise closed()
        return await self._follow("invite", token, password, username, fields)

    async def _follow(
        self, purpose: str, token: str, password: str, username: str | None, fields: dict[str, Any]
    ) -> UserBase:
        """Store the user that a link makes of its owner and of what they say."""
        await self._attempts.follow()
        found = await self._tokens.peek(purpose, token)
        user = self._users.draft(email=found.email, username=username, **fields)
        user.password = await self._judged(password, user)
        user.email_verified_at = datetime.now(UTC)
        await self._tokens.use(purpose, token)
        return await self._users.add(user)

    async def _register_now(
        self, email: str, password: str | None, username: str | None, fields: dict[str, Any]
    ) -> UserBase:
        user = self._users.draft(email=email, username=username, **fields)
        if not password:
            raise Invalid("user", fields={"password": "This field is required."})
        await self._attempts.send("registration", user.email)
        user.password = await self._judged(password, user)
        return await self._users.add(user)

    async def _mail(self, email: str) -> Message:
        await self._audit.record("registration.asked", login=email)
        if await self._read.exists(email=email):
            return self._notices.write("already_registered", email)
        return await self._notices.write_link("registration", email, ttl=self._settings.ttl)

    async def _judged(self, password: str, user: UserBase) -> str:
        """Return the hash of a password that is good enough, or raise `Invalid`."""
        await self._passwords.validate(password, user)
        return await self._passwords.hash(password)


def closed() -> PermissionDenied:
    """Return the error for who may not register like this."""
    return PermissionDenied(
        detail="Registration is closed.",
        hint='Open it by AuthSettings(registration=RegistrationSettings(mode="open")).',
        code="registration_closed",
    )
