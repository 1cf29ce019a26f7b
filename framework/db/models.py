"""No tables. Imported with the models of all apps, before theirs, so that plain sqlmodel classes are named well too."""

from framework.db.mapping import naming

__all__ = ["naming"]
