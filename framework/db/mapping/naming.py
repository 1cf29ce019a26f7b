"""Names of tables and constraints. Imported before any table is made, so that every constraint has a name."""

import re

from sqlmodel import SQLModel

__all__ = ["CONVENTION", "made_before", "snake"]

made_before: tuple[str, ...] = tuple(SQLModel.metadata.tables)
"""Tables that stood before the convention: their constraints are unnamed. A check of this app names them."""

CONVENTION: dict[str, str] = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    # Without the referred table: its name may be known only later, and renaming it must not rename this.
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = CONVENTION


def snake(name: str) -> str:
    """Return a class's name as it stands in a table's: `BlogPost` is `blog_post`, `HTTPLog` is `http_log`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
