"""Engines: how a project's connections are opened, kept and looked after."""

from typing import Any

from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from framework.db.connections.failures import translate
from framework.db.connections.pool import Pool, WriterPool
from framework.db.connections.postgresql import check_after_idling, connect_args, stop_when_cancelled
from framework.db.connections.sqlite import prepare_sqlite
from framework.db.connections.sqlite_driver import driver
from framework.db.connections.transactions import watch_transactions
from framework.db.settings import DatabaseSettings
from framework.db.url import DatabaseURL

__all__ = ["open_engine"]


def open_engine(url: DatabaseURL, settings: DatabaseSettings, *, read_only: bool = False) -> AsyncEngine:
    """Return an engine for `url`. It opens no connection until one is asked for.

    A `read_only` engine is in autocommit, and the database itself refuses to write through it.
    """
    options: dict[str, Any] = {
        "echo": settings.echo,
        "poolclass": Pool,
        "pool_size": settings.pool_size,
        "max_overflow": settings.max_overflow,
        "pool_timeout": settings.pool_timeout,
        "pool_recycle": settings.pool_recycle,
        # The one most recently used: quiet hours let the rest idle, and a server may close those.
        "pool_use_lifo": True,
        # Nothing is sent to end a transaction that autocommit never began.
        "skip_autocommit_rollback": read_only,
    }
    if url.backend == "sqlite":
        options |= sqlite_options(url, settings, read_only)
    else:
        options |= postgresql_options(url, settings, read_only)
    engine = create_async_engine(url.to_sqlalchemy(), **options)
    event.listen(engine.sync_engine, "handle_error", translate)
    if url.backend == "sqlite":
        prepare_sqlite(engine.sync_engine, settings, read_only=read_only)
    else:
        check_after_idling(engine.sync_engine, settings.idle_check)
        stop_when_cancelled(engine.sync_engine)
    watch_transactions(engine.sync_engine)
    return engine


def postgresql_options(url: DatabaseURL, settings: DatabaseSettings, read_only: bool) -> dict[str, Any]:
    options: dict[str, Any] = {"connect_args": connect_args(url, settings, read_only=read_only)}
    return options | ({"isolation_level": "AUTOCOMMIT"} if read_only else {})


def sqlite_options(url: DatabaseURL, settings: DatabaseSettings, read_only: bool) -> dict[str, Any]:
    options: dict[str, Any] = {
        "module": driver(),
        # Python's driver would begin transactions by itself, and not before SAVEPOINT or SELECT.
        "connect_args": {"timeout": settings.busy_timeout, **url.connect_args, "isolation_level": None},
        "pool_recycle": -1,
        # For every connection that comes back, that is a thread's round trip; `prepare_sqlite` knows a cheaper way.
        "pool_reset_on_return": None,
    }
    if not read_only:
        options |= {"poolclass": WriterPool, "pool_size": 1, "max_overflow": 0}
    return options
