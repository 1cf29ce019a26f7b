"""What users do with their own account: its address, its password, its end. Knows no web."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from framework.auth.export import export_of
from framework.auth.logins import normal_email, valid_email
from framework.auth.models import ActionToken
from framework.auth.services.action_tokens import ActionTokens, bad_link
from framework.auth.services.api_keys import ApiKeys
from framework.auth.services.attempts import Attempts
from framework.auth.services.audit import Audit
from framework.auth.services.logins import Logins
from framework.auth.services.notices import Notices
from framework.auth.services.passwords import Passwords
from framework.auth.services.users import Users
from framework.auth.settings import AuthSettings
from framework.db import ReadRepository, ReadSession
from framework.errors import Invalid, PermissionDenied
from framework.mail import Message
from framework.services import service
from framework.users import UserBase

__all__ = ["Accounts"]


@service
class Accounts:
    """Lets users look after their account. What is dangerous asks for the password once more.

    No answer tells a stranger whether an address has an account, by what it says or by its time: what depends on that
    is done in the background, and said by mail to whoever reads that address. Passwords are hashed before the
    transaction begins, and mails are sent after it is committed. All is throttled and recorded.
    """

    def __init__(
        self,
        reading: ReadSession,
        users: Users,
        passwords: Passwords,
        logins: Logins,
        keys: ApiKeys,
        tokens: ActionTokens,
        attempts: Attempts,
        notices: Notices,
        audit: Audit,
        settings: AuthSettings,
        model: type[UserBase],
    ) -> None:
        self._reading = reading
        self._read = ReadRepository(reading, model)
        self._users = users
        self._passwords = passwords
        self._logins = logins
        self._keys = keys
        self._tokens = tokens
        self._attempts = attempts
        self._notices = notices
        self._audit = audit
        self._settings = settings.accounts

    # The address ---------------------------------------------------------------------------------------------------

    async def send_verification(self, user: UserBase) -> None:
        """Send a user the link that confirms their address, unless it is confirmed."""
        if user.email_verified_at is None:
            await self._attempts.send("verify_email", user.email)
            ttl = self._settings.verify_ttl
            self._notices.send(await self._notices.write_link("verify_email", user.email, ttl=ttl, user=user))

    async def verify_email(self, user: UserBase, token: str) -> UserBase:
        """Take a link as proof that a user reads the mail sent to their address.

        Raises `Invalid` (`link_invalid`), and `PermissionDenied` for the link of another user, which stays good.
        """
        await self._attempts.follow()
        row = await self._owner(await self._tokens.use("verify_email", token), by=user)
        row.email_verified_at = datetime.now(UTC)
        await self._audit.record("email.verified", user=row)
        return row

    async def change_email(self, user: UserBase, password: str, email: str) -> None:
        """Send a link to the address that is to be a user's, and tell the one they have.

        Who has an account with the new address is told so, and nothing else happens. The link works for who is logged
        in as this user: whoever else reads that address does not make it the one of an account that is not theirs.
        """
        new = valid_email(email)
        await self._attempts.send("change_email", new)
        known = await self._confirmed(user, password)
        if new == known.email:
            raise Invalid("user", fields={"email": "That is your address already."})
        self._notices.send(self._notices.write("email_change_asked", known.email, new=new))
        self._notices.send_later(Accounts, lambda self: self._change_mail(known, new))

    async def confirm_email(self, user: UserBase, token: str) -> UserBase:
        """Give a user the address that a link was sent to, and tell the one they had; their other links are worthless.

        Raises as `verify_email` does, and `Conflict` when somebody has that address meanwhile.
        """
        await self._attempts.follow()
        found = await self._tokens.use("change_email", token)
        row = await self._owner(found, by=user, email=found.data["from"])
        await self._users.set_email(row, found.email, verified=True)
        await self._tokens.revoke(row)
        self._notices.send(self._notices.write("email_changed", found.data["from"], new=row.email))
        return row

    # The password --------------------------------------------------------------------------------------------------

    async def forgot_password(self, email: str) -> None:
        """Send the user with an address a link for a new password. Where there is none, nobody learns it."""
        email = normal_email(email)
        await self._attempts.send("reset_password", email)
        self._notices.send_later(Accounts, lambda self: self._reset_mail(email))

    async def reset_password(self, token: str, password: str) -> UserBase:
        """Give the user whom a link was sent to a new password, and log them out everywhere.

        It confirms their address as well. A password that is not good enough leaves the link good.
        """
        await self._attempts.follow()
        found = await self._tokens.peek("reset_password", token)
        encoded = await self._judged(password, await self._read.find(id=found.user_id))
        user = await self._owner(await self._tokens.use("reset_password", token))
        user.email_verified_at = user.email_verified_at or datetime.now(UTC)
        await self._set_password(user, encoded, kind="password.reset")
        await self._attempts.sent("reset_password", user.email)
        return user

    async def change_password(
        self, user: UserBase, current_password: str, new_password: str, *, login_id: UUID | None = None
    ) -> UserBase:
        """Give a user a new password, and log them out everywhere but on the device of `login_id`."""
        known = await self._confirmed(user, current_password, field="current_password")
        encoded = await self._judged(new_password, known, field="new_password")
        row = await self._unchanged(known, field="current_password")
        await self._set_password(row, encoded, but=login_id)
        return row

    # The end -------------------------------------------------------------------------------------------------------

    async def deactivate(self, user: UserBase, password: str) -> None:
        """Close a user's account: they are logged out, and only somebody else can open it again."""
        row = await self._unchanged(await self._confirmed(user, password))
        await self._users.deactivate(row)
        await self._logins.end_all(row)
        await self._tokens.revoke(row)
        self._notices.send(self._notices.write("deactivated", row.email))

    async def delete(self, user: UserBase, password: str) -> None:
        """Delete a user, with all that is theirs where the foreign keys say so."""
        row = await self._unchanged(await self._confirmed(user, password))
        self._notices.send(self._notices.write("deleted", row.email))
        await self._logins.end_all(row)
        await self._users.delete(row)

    async def export(self, user: UserBase, password: str) -> dict[str, Any]:
        """Return what auth knows of a user, ready for JSON: the user, logins, keys, security events; no secrets."""
        known = await self._confirmed(user, password)
        await self._audit.record("user.exported", user=known)
        return await export_of(self._reading, known)

    # Mails that are written in the background ----------------------------------------------------------------------

    async def _reset_mail(self, email: str) -> Message | None:
        user = await self._read.find(email=email)
        await self._audit.record("password.forgotten", user=user, login=email)
        if user is None or not user.is_active:
            return None
        return await self._notices.write_link("reset_password", user.email, ttl=self._settings.reset_ttl, user=user)

    async def _change_mail(self, user: UserBase, email: str) -> Message:
        if await self._read.exists(email=email):
            return self._notices.write("already_registered", email)
        data = {"from": user.email}
        return await self._notices.write_link(
            "change_email", email, ttl=self._settings.verify_ttl, user=user, data=data
        )

    # Steps ---------------------------------------------------------------------------------------------------------

    async def _confirmed(self, user: UserBase, password: str, *, field: str = "password") -> UserBase:
        """Return the user as the database has them, to look at, if the password is theirs; else raise `Invalid`."""
        await self._attempts.confirm(user)
        known = await self._read.get(user.id)
        if not await self._passwords.verify(password, known.password):
            await self._audit.record("confirmation.failed", user=known)
            raise wrong(field)
        await self._attempts.confirmed(user)
        return known

    async def _unchanged(self, known: UserBase, *, field: str = "password") -> UserBase:
        """Return a user to work on, if they still have the password that was confirmed."""
        row = await self._users.get(known.id)
        if row.password != known.password or not row.is_active:
            raise wrong(field)
        return row

    async def _judged(self, password: str, user: UserBase | None, *, field: str = "password") -> str:
        """Return the hash of a new password that is good enough, or raise `Invalid`."""
        await self._passwords.validate(password, user, field=field)
        return await self._passwords.hash(password)

    async def _owner(self, token: ActionToken, *, by: UserBase | None = None, email: str | None = None) -> UserBase:
        """Return the user of a token, to work on, if it was made for the address that they still have."""
        if by is not None and by.id != token.user_id:
            raise PermissionDenied(
                detail="This link is of another account. Log in to that one to use it.", code="link_not_yours"
            )
        user = await self._users.get(token.user_id or 0)
        if not user.is_active or user.email != (email or token.email):
            raise bad_link()
        return user

    async def _set_password(
        self, user: UserBase, encoded: str, *, but: UUID | None = None, kind: str = "password.changed"
    ) -> None:
        user.password, user.password_changed_at = encoded, datetime.now(UTC)
        await self._tokens.revoke(user)
        await self._audit.record(kind, user=user)
        await self._logins.end_all(user, but=but)
        keys = await self._keys.password_changed(user)
        self._notices.send(self._notices.write("password_changed", user.email, keys=keys))


def wrong(field: str) -> Invalid:
    """Return the error for a password that was to confirm something. No 401: who asks is logged in."""
    return Invalid("user", fields={field: "The password is wrong."}, code="password_wrong")
