"""The database: models, sessions, repositories and pages. Loads SQLAlchemy only when one of them is used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlmodel import Field

    from framework.db.bases import Timestamped, UUIDKeyed
    from framework.db.database import Database
    from framework.db.filters import Filter, Filters, OrderBy, Search
    from framework.db.integrity import ConstraintConflict, ConstraintInvalid
    from framework.db.model import Model
    from framework.db.page import CursorPage, Page
    from framework.db.read_repository import ReadRepository
    from framework.db.relationships import Relationship
    from framework.db.repository import Repository
    from framework.db.resolution import models_of, resolve_models, tables_of
    from framework.db.schema import Schema
    from framework.db.session import ReadSession, Session
    from framework.db.settings import DatabaseSettings
    from framework.db.statements import col, rel, select
    from framework.db.timestamps import Timestamp
    from framework.db.uuids import uuid7
    from framework.db.window import CursorWindow, Window

__all__ = [
    "ConstraintConflict",
    "ConstraintInvalid",
    "CursorPage",
    "CursorWindow",
    "Database",
    "DatabaseSettings",
    "Field",
    "Filter",
    "Filters",
    "Model",
    "OrderBy",
    "Page",
    "ReadRepository",
    "ReadSession",
    "Relationship",
    "Repository",
    "Schema",
    "Search",
    "Session",
    "Timestamp",
    "Timestamped",
    "UUIDKeyed",
    "Window",
    "col",
    "models_of",
    "rel",
    "resolve_models",
    "select",
    "tables_of",
    "uuid7",
]

HOMES = {
    "ConstraintConflict": "framework.db.integrity",
    "ConstraintInvalid": "framework.db.integrity",
    "CursorPage": "framework.db.page",
    "CursorWindow": "framework.db.window",
    "Database": "framework.db.database",
    "DatabaseSettings": "framework.db.settings",
    "Field": "framework.db.model",
    "Filter": "framework.db.filters",
    "Filters": "framework.db.filters",
    "Model": "framework.db.model",
    "OrderBy": "framework.db.filters",
    "Page": "framework.db.page",
    "ReadRepository": "framework.db.read_repository",
    "ReadSession": "framework.db.session",
    "Relationship": "framework.db.relationships",
    "Repository": "framework.db.repository",
    "Schema": "framework.db.schema",
    "Search": "framework.db.filters",
    "Session": "framework.db.session",
    "Timestamp": "framework.db.timestamps",
    "Timestamped": "framework.db.bases",
    "UUIDKeyed": "framework.db.bases",
    "Window": "framework.db.window",
    "col": "framework.db.statements",
    "models_of": "framework.db.resolution",
    "rel": "framework.db.statements",
    "resolve_models": "framework.db.resolution",
    "select": "framework.db.statements",
    "tables_of": "framework.db.resolution",
    "uuid7": "framework.db.uuids",
}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
