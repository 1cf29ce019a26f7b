"""`Access`: what a user may do, in general and to a single object. Knows no web."""

import inspect
from typing import Any, cast

from sqlalchemy import ColumnElement, Select, exists, false
from sqlalchemy import select as select_columns
from sqlmodel import SQLModel

from framework import service
from framework.auth.access import PermissionNames, Policies
from framework.auth.access.mistakes import condition_of_class, only_in_python, unknown_action, wrong_answer
from framework.auth.access.policies import Spoken
from framework.auth.access.statements import is_row, model_of, names_for
from framework.auth.models import Permission
from framework.auth.permission_cache import PermissionCache
from framework.db import ReadSession, col
from framework.errors import PermissionDenied, Unauthenticated
from framework.services import Scope
from framework.users import UserBase

__all__ = ["Access"]

type Answer = ColumnElement[bool] | bool
"""The condition that objects must meet, or one answer for all of them."""


@service
class Access:
    """Tells what a user may do: by permissions, and by what an app's policy says of single objects.

    Superusers may do everything, users who are not active nothing, and being staff permits nothing. A caller without
    a user is `None`.
    """

    def __init__(
        self, session: ReadSession, names: PermissionNames, policies: Policies, scope: Scope, cache: PermissionCache
    ) -> None:
        self._session = session
        self._cache = cache
        self._names = names
        self._policies = policies
        self._scope = scope
        self._remembered: dict[int, frozenset[str]] = {}

    async def permissions(self, user: UserBase | None) -> frozenset[str]:
        """Return the names of a user's permissions, their groups' included, and of all there are for a superuser.

        One statement, and none when asked again in the same scope, or within `user_cache.seconds` where that is on.
        """
        if user is None or not user.is_active:
            return frozenset()
        if (known := self._remembered.get(user.id)) is None:
            known = self._remembered[user.id] = await self._ask(user)
        return known

    async def _ask(self, user: UserBase) -> frozenset[str]:
        """Return what the cache remembers of a user's permissions, or else the database knows."""
        cache = self._cache
        is_used = cache.is_on and not self._session.sees_uncommitted
        if is_used and (known := cache.find(user)) is not None:
            return known
        moment = cache.moment
        found = frozenset(await self._session.scalars(names_for(user)))
        if is_used:
            cache.remember(user, found, moment)
        return found

    async def has(self, user: UserBase | None, permission: str) -> bool:
        """Tell whether a user has a permission, `"blog.change_post"`. Raises when there is none of that name."""
        is_known = permission in self._names
        if user is not None and user.is_active and user.is_superuser and is_known:
            return True
        if permission in await self.permissions(user):
            return True
        if not is_known and not await self._is_stored(permission):
            raise self._names.unknown(permission)
        return False

    async def allows(self, user: UserBase | None, action: str, subject: SQLModel | type[SQLModel]) -> bool:
        """Tell whether a user may do `action` to an object, or to a class where there is no object yet.

        The policy of its model decides if it speaks of the action, else the permission. Raises for an action that
        neither knows, and for what is no model. An object that is not stored meets no condition of a policy.
        """
        model = subject if isinstance(subject, type) else type(subject)
        answer = await self._answer(user, action, model, subject)
        if isinstance(answer, bool):
            return answer
        if isinstance(subject, type):
            raise condition_of_class(action, model)
        return bool(await self._session.scalar(select_columns(exists().where(is_row(subject), answer))))

    async def require(
        self, user: UserBase | None, action: str, subject: SQLModel | type[SQLModel] | None = None
    ) -> None:
        """Raise unless `allows`; without a subject, unless the user `has` the permission that `action` names.

        `Unauthenticated` without a user, `PermissionDenied` with one.
        """
        if subject is None:
            allowed, name = await self.has(user, action), ""
        else:
            allowed = await self.allows(user, action, subject)
            name = (subject if isinstance(subject, type) else type(subject)).__name__.lower()
        if not allowed:
            raise Unauthenticated() if user is None else PermissionDenied(name)

    async def filter[S: Select[*tuple[Any, ...]]](self, user: UserBase | None, action: str, statement: S) -> S:
        """Return `statement` narrowed to the rows that `allows` would say yes to, of the model it selects first.

        Raises when the policy speaks of the action only in Python.
        """
        model = model_of(statement)
        answer = await self._answer(user, action, model)
        if answer is True:
            return statement
        return statement.where(false() if answer is False else answer)

    async def _answer(
        self, user: UserBase | None, action: str, model: type[SQLModel], subject: object = None
    ) -> Answer:
        """Return what the policy of a model says, else whether the user has the permission."""
        spoken = self._spoken(action, model)
        if spoken is None:
            return await self.has(user, self._names.name(action, model))
        if user is None and not spoken.policy.admits_anonymous:
            return False
        if user is not None and (not user.is_active or user.is_superuser):
            return user.is_active
        if not spoken.is_condition and subject is None:
            raise only_in_python(spoken, action, model)
        method = getattr(await self._scope.get(spoken.policy), spoken.method)
        answer = method(user) if spoken.is_condition else method(user, subject)
        answer = await answer if inspect.isawaitable(answer) else answer
        if not isinstance(answer, bool) and not (spoken.is_condition and isinstance(answer, ColumnElement)):
            raise wrong_answer(spoken, answer)
        return cast("Answer", answer)

    def _spoken(self, action: str, model: type[SQLModel]) -> Spoken | None:
        """Return what the policy says of an action, or `None` when the permission decides. Raises for neither."""
        known = {**dict.fromkeys(self._names.actions(model)), **self._policies.actions(model)}
        if action not in known:
            raise unknown_action(action, model, known)
        return known[action]

    async def _is_stored(self, permission: str) -> bool:
        """Tell whether somebody made a permission that no model declares."""
        return bool(await self._session.scalar(select_columns(exists().where(col(Permission.name) == permission))))
