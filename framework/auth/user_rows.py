"""Users made of the columns of their row, which takes a fraction of what SQLAlchemy's loading does."""

import copy
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, cast
from uuid import UUID

from sqlalchemy import inspect
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import instance_dict

from framework.db import ReadSession
from framework.users import UserBase

__all__ = ["UserRows", "kept"]

ATOMS = (str, int, float, bool, bytes, Decimal, date, datetime, timedelta, UUID, Enum, type(None))
EAGER = ("joined", "selectin", "subquery", "immediate")


class UserRows:
    """How users of one class come out of rows, and go back into them."""

    def __init__(self, model: type[UserBase]) -> None:
        mapper = inspect(model)
        self.model = model
        self._manager = mapper.class_manager
        self._keys = [attribute.key for attribute in mapper.column_attrs]
        self.columns: list[Any] = [attribute.columns[0] for attribute in mapper.column_attrs]
        """What is to be read of a user, in order."""
        self.are_plain = not any(relation.lazy in EAGER for relation in mapper.relationships)
        """Whether a user is these columns and no more: nothing that is read along."""

    def make(self, values: Sequence[Any], reading: ReadSession) -> UserBase:
        """Return a user lent by `reading`: a change is an error there, unless a `Session` gets the user to store it."""
        user: Any = self._manager.new_instance()
        instance_dict(user).update(zip(self._keys, values, strict=True))
        make_transient_to_detached(user)
        reading.lend(user)
        return cast("UserBase", user)


def kept(values: Sequence[Any]) -> tuple[Any, ...]:
    """Return values that nobody else can change."""
    return tuple(value if isinstance(value, ATOMS) else copy.deepcopy(value) for value in values)
