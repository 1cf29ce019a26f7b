"""The database: models, sessions, repositories and pages. Loads SQLAlchemy only when one of them is used."""

from typing import TYPE_CHECKING

from framework.lazy import front_door

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

__getattr__, __dir__ = front_door(
    __name__,
    {
        "changes.changes": ["Changes"],
        "connections.integrity": ["ConstraintConflict", "ConstraintInvalid"],
        "mapping.bases": ["Timestamped", "UUIDKeyed"],
        "mapping.model": ["Field", "Model"],
        "mapping.relationships": ["Relationship"],
        "mapping.resolution": ["models_of", "resolve_models", "tables_of"],
        "mapping.schema": ["Schema"],
        "mapping.statements": ["col", "rel", "select"],
        "mapping.timestamps": ["Timestamp"],
        "mapping.uuids": ["uuid7"],
        "queries.filters": ["Filter", "Filters", "OrderBy", "Search"],
        "queries.page": ["CursorPage", "Page"],
        "queries.read_repository": ["ReadRepository"],
        "queries.repository": ["Repository"],
        "queries.window": ["CursorWindow", "Window"],
        "sessions.database": ["Database"],
        "sessions.session": ["ReadSession", "Session"],
        "settings": ["DatabaseSettings"],
    },
)
