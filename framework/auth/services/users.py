"""The users: made, found, let in and changed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Generic, cast

from pydantic import BaseModel
from typing_extensions import TypeVar

from framework.auth.logins import LONGEST_EMAIL, normal_email, normal_username, valid_email, valid_username
from framework.auth.services.attempts import Attempts
from framework.auth.services.audit import Audit
from framework.auth.services.logins import Logins
from framework.auth.services.passwords import Passwords
from framework.auth.settings import AuthSettings
from framework.db import ReadRepository, ReadSession, Repository, Session, col, select
from framework.errors import Conflict, FrameworkError, Invalid, Unauthenticated
from framework.services import service
from framework.users import UserBase

__all__ = ["Users"]

U = TypeVar("U", bound=UserBase, default=UserBase)

UNUSABLE = "!"
"""A password that nobody has."""
OPEN = frozenset({"full_name"})
"""The fields of every user that may come from a schema; those that a project adds may too."""


@service
class Users(Generic[U]):
    """The users of the project. `Users[User]` names the project's class, for type checkers.

    What may come from a client goes through `create` and `update`, which refuse every field that lets somebody in or
    up; those have methods of their own.
    """

    def __init__(
        self,
        session: Session,
        reading: ReadSession,
        passwords: Passwords,
        audit: Audit,
        attempts: Attempts,
        logins: Logins,
        settings: AuthSettings,
        model: type[UserBase],
    ) -> None:
        self._session = session
        self._passwords = passwords
        self._audit = audit
        self._attempts = attempts
        self._logins = logins
        self._fields = settings.login_fields
        self._model = cast("type[U]", model)
        self._rows = Repository(session, self._model)
        self._read = ReadRepository(reading, self._model)

    async def get(self, id: int) -> U:
        """Return a user to work on, or raise `NotFound`."""
        return await self._rows.get(id)

    async def find(self, login: str) -> U | None:
        """Return the user who logs in by `login`, to look at, or `None`: an email or a username, as the settings say.

        With both, only what has an `@` in it is an email.
        """
        return await self._read.find(**self._asked(login))

    async def authenticate(self, login: str, password: str) -> U:
        """Return the user whose login and password these are, to work on, and note the time; raise `Unauthenticated`.

        Who fails gets one answer after one time: there is no such user, the password is wrong or unusable, the user is
        not active. Who tries too often gets `Throttled`, as `Attempts` says. A hash of another hasher or cost is
        replaced. No connection is held while the password is hashed.
        """
        await self._attempts.log_in(login)
        async with self._passwords.turn():
            user = await self.find(login)
            encoded = user.password if user else UNUSABLE
            fits = await self._passwords.verify(password, encoded)
        if user is None or not fits or not user.is_active:
            reason = "unknown" if user is None else "password" if not fits else "inactive"
            raise await self._refused(login, user, reason)
        if self._passwords.needs_upgrade(encoded):
            encoded = await self._passwords.hash(password)
        found = await self._let_in(user, encoded)
        if found is None:
            raise await self._refused(login, user, "changed meanwhile")
        await self._attempts.logged_in(login)
        return found

    async def create(self, *, email: str, password: str | None = None, username: str | None = None, **fields: Any) -> U:
        """Store a new user, who can log in once there is a password. Raises `Invalid` and `Conflict` with their fields.

        A field that is not for clients to set is an error, wherever it comes from.
        """
        return await self._create(email, password, username, fields)

    def draft(self, *, email: str, username: str | None = None, **fields: Any) -> U:
        """Return the user that `create` would store, without a password and not stored. Raises `Invalid` likewise."""
        self._require_open(fields)
        if username is None and "username" in self._fields:
            raise Invalid("user", fields={"username": "This field is required."})
        return self._model(
            email=valid_email(email), username=self._valid_username(username), password=UNUSABLE, **fields
        )

    async def add(self, user: U) -> U:
        """Store a user that `draft` made. Raises `Conflict` for an address or a username that is taken."""
        await self._rows.require_unique(email=user.email, username=user.username)
        await self._rows.add(user)
        privileges = {name: True for name in ("is_staff", "is_superuser") if getattr(user, name)}
        await self._audit.record("user.created", user=user, details=privileges)
        return user

    async def create_superuser(
        self,
        *,
        email: str,
        password: str | None = None,
        username: str | None = None,
        validate: bool = True,
        **fields: Any,
    ) -> U:
        """Store a new user who may do everything; with `validate=False` any password will do."""
        return await self._create(email, password, username, fields, validate, is_staff=True, is_superuser=True)

    async def require_free(self, *, email: str | None = None, username: str | None = None) -> None:
        """Raise `Invalid` or `Conflict` unless a new user could have these. It is for the message: nothing is held."""
        asked = {
            "email": None if email is None else valid_email(email),
            "username": self._valid_username(username),
        }
        taken = [name for name, value in asked.items() if value and await self._read.exists(**{name: value})]
        if taken:
            raise Conflict("user", fields=dict.fromkeys(taken, "Already taken."))

    async def update(self, user: U, changes: BaseModel | Mapping[str, Any] | None = None, /, **fields: Any) -> U:
        """Set the fields that `changes` gives, and those named here. What lets somebody in or up is an error."""
        if isinstance(changes, BaseModel):
            changes = changes.model_dump(exclude_unset=True, by_alias=False)
        values = {**(changes or {}), **fields}
        self._require_open(values)
        return await self._rows.update(user, values)

    async def set_email(self, user: U, email: str, *, verified: bool = False) -> U:
        """Give a user another address. Raises `Invalid` or `Conflict`."""
        email = valid_email(email)
        await self._rows.require_unique(but=user, email=email)
        at = datetime.now(UTC) if verified else None
        await self._audit.record("email.changed", user=user, details={"from": user.email, "to": email})
        return await self._rows.update(user, email=email, email_verified_at=at)

    async def set_username(self, user: U, username: str | None) -> U:
        """Give a user another username, or none. Raises `Invalid` or `Conflict`."""
        username = self._valid_username(username)
        await self._rows.require_unique(but=user, username=username)
        return await self._rows.update(user, username=username)

    async def set_password(self, user: U, password: str | None, *, validate: bool = True) -> U:
        """Give a user another password, or with `None` none; raises `Invalid` for one that is not good enough.

        It ends no login: who has one stays in, until the caller ends it.
        """
        if validate and password is not None:
            await self._passwords.validate(password, user)
        encoded = await self._hashed(password)
        await self._audit.record("password.changed", user=user)
        return await self._rows.update(user, password=encoded, password_changed_at=datetime.now(UTC))

    async def set_privileges(self, user: U, *, is_staff: bool | None = None, is_superuser: bool | None = None) -> U:
        """Raise a user up, or take them down; what is not named stays.

        Who is raised has to log in again on every device: whoever has a session of theirs does not rise with them.
        """
        asked = {"is_staff": is_staff, "is_superuser": is_superuser}
        changed = {name: value for name, value in asked.items() if value not in (None, getattr(user, name))}
        if changed:
            await self._audit.record("privileges.changed", user=user, details=changed)
        if any(changed.values()):
            await self._logins.end_all(user)
        return await self._rows.update(user, changed)

    async def activate(self, user: U) -> U:
        """Let a user log in again."""
        await self._audit.record("user.activated", user=user)
        return await self._rows.update(user, is_active=True)

    async def deactivate(self, user: U) -> U:
        """Keep a user out; what is theirs stays."""
        await self._audit.record("user.deactivated", user=user)
        return await self._rows.update(user, is_active=False)

    async def delete(self, user: U) -> None:
        """Delete a user, with what refers to them where its foreign key says so. The audit stays."""
        await self._audit.record("user.deleted", login=user.email, details={"id": user.id})
        await self._rows.delete(user)

    async def _create(
        self,
        email: str,
        password: str | None,
        username: str | None,
        fields: Mapping[str, Any],
        validate: bool = True,
        **privileges: bool,
    ) -> U:
        user = self.draft(email=email, username=username, **fields)
        for name, value in privileges.items():
            setattr(user, name, value)
        if validate and password is not None:
            await self._passwords.validate(password, user)
        # Hashed before the first statement: on SQLite a transaction that has begun keeps all other writers waiting.
        user.password = await self._hashed(password)
        return await self.add(user)

    async def _hashed(self, password: str | None) -> str:
        return UNUSABLE if password is None else await self._passwords.hash(password)

    async def _let_in(self, user: U, encoded: str) -> U | None:
        """Note the login of a user who is as they were when the password was verified; return them, or `None`."""
        model = self._model
        statement = (
            select(model)
            .where(col(model.id) == user.id, col(model.is_active), col(model.password) == user.password)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
        found = (await self._session.scalars(statement)).one_or_none()
        # By the row, not by a statement for any: who remembers users forgets this one, and not all of them.
        return found and await self._rows.update(found, password=encoded, last_login_at=datetime.now(UTC))

    async def _refused(self, login: str, user: U | None, reason: str) -> Unauthenticated:
        typed = next(iter(self._asked(login).values())) or normal_username(login[:LONGEST_EMAIL])
        await self._audit.record("login.failed", user=user, login=typed, details={"reason": reason})
        return Unauthenticated("login")

    def _asked(self, login: str) -> dict[str, str]:
        """Return the one field that a login is looked up by. One that is too long for any is looked up as none."""
        field = self._fields[0]
        if len(self._fields) > 1:
            field = "email" if "@" in login else "username"
        known = login if len(login) <= LONGEST_EMAIL else ""
        return {field: normal_email(known) if field == "email" else normal_username(known)}

    def _valid_username(self, username: str | None) -> str | None:
        return None if username is None else valid_username(username, at_sign="email" not in self._fields)

    def _require_open(self, fields: Mapping[str, Any]) -> None:
        own = set(UserBase.model_fields) - OPEN
        for name in fields:
            if name in own or name not in self._model.model_fields:
                known = sorted(set(self._model.model_fields) - own)
                raise FrameworkError(
                    f"{name!r} is no field of a user that is set like this; open are {', '.join(map(repr, known))}.",
                    hint="Passwords, addresses and privileges are set by methods of their own."
                    if name in own
                    else f"Add it to {self._model.__name__}, or leave it out.",
                    code="auth.field",
                )
