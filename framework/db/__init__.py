"""The database: models, sessions, repositories and pages. Loads SQLAlchemy only when one of them is used."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlmodel import Field

    from framework.db.changes.changes import Changes
    from framework.db.connections.integrity import ConstraintConflict, ConstraintInvalid
    from framework.db.mapping.bases import Timestamped, UUIDKeyed
    from framework.db.mapping.model import Model
    from framework.db.mapping.relationships import Relationship
    from framework.db.mapping.resolution import models_of, resolve_models, tables_of
    from framework.db.mapping.schema import Schema
    from framework.db.mapping.statements import col, rel, select
    from framework.db.mapping.timestamps import Timestamp
    from framework.db.mapping.uuids import uuid7
    from framework.db.queries.filters import Filter, Filters, OrderBy, Search
    from framework.db.queries.page import CursorPage, Page
    from framework.db.queries.read_repository import ReadRepository
    from framework.db.queries.repository import Repository
    from framework.db.queries.window import CursorWindow, Window
    from framework.db.sessions.database import Database
    from framework.db.sessions.session import ReadSession, Session
    from framework.db.settings import DatabaseSettings

__all__ = [
    "Changes",
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
    "Changes": "framework.db.changes.changes",
    "ConstraintConflict": "framework.db.connections.integrity",
    "ConstraintInvalid": "framework.db.connections.integrity",
    "CursorPage": "framework.db.queries.page",
    "CursorWindow": "framework.db.queries.window",
    "Database": "framework.db.sessions.database",
    "DatabaseSettings": "framework.db.settings",
    "Field": "framework.db.mapping.model",
    "Filter": "framework.db.queries.filters",
    "Filters": "framework.db.queries.filters",
    "Model": "framework.db.mapping.model",
    "OrderBy": "framework.db.queries.filters",
    "Page": "framework.db.queries.page",
    "ReadRepository": "framework.db.queries.read_repository",
    "ReadSession": "framework.db.sessions.session",
    "Relationship": "framework.db.mapping.relationships",
    "Repository": "framework.db.queries.repository",
    "Schema": "framework.db.mapping.schema",
    "Search": "framework.db.queries.filters",
    "Session": "framework.db.sessions.session",
    "Timestamp": "framework.db.mapping.timestamps",
    "Timestamped": "framework.db.mapping.bases",
    "UUIDKeyed": "framework.db.mapping.bases",
    "Window": "framework.db.queries.window",
    "col": "framework.db.mapping.statements",
    "models_of": "framework.db.mapping.resolution",
    "rel": "framework.db.mapping.statements",
    "resolve_models": "framework.db.mapping.resolution",
    "select": "framework.db.mapping.statements",
    "tables_of": "framework.db.mapping.resolution",
    "uuid7": "framework.db.mapping.uuids",
}


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
