"""Engines: how a project's connections are opened, kept and looked after."""

from collections.abc import Mapping
from time import monotonic
from typing import Any, cast

from sqlalchemy import Engine, event, exc
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from framework.db.failures import translate
from framework.db.pool import Pool, WriterPool, opening
from framework.db.settings import DatabaseSettings
from framework.db.sqlite import prepare_sqlite
from framework.db.transactions import watch_transactions
from framework.db.url import DatabaseURL

__all__ = ["open_engine"]

PING_SECONDS = 5.0
GRACE_SECONDS = 5.0


def open_engine(url: DatabaseURL, settings: DatabaseSettings, *, read_only: bool = False) -> AsyncEngine:
    """Return an engine for `url`. It opens no connection until one is asked for.

    A `read_only` engine is in autocommit, and the database itself refuses to write through it.
    """
    options: dict[str, Any] = {
        "echo": settings.echo,
        "pool_timeout": settings.pool_timeout,
        "poolclass": Pool,
        "pool_size": settings.pool_size,
        "max_overflow": settings.max_overflow,
        # Nothing is sent to end a transaction that autocommit never began.
        "skip_autocommit_rollback": read_only,
        # The one most recently used: quiet hours close the rest, and fewer are idle long enough to be checked.
        "pool_use_lifo": True,
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
    guard_opening(engine.sync_engine)
    watch_transactions(engine.sync_engine)
    return engine


def sqlite_options(url: DatabaseURL, settings: DatabaseSettings, read_only: bool) -> dict[str, Any]:
    options: dict[str, Any] = {
        # Python's driver would begin transactions by itself, and not before SAVEPOINT or SELECT.
        "connect_args": {"timeout": settings.busy_timeout, **url.connect_args, "isolation_level": None},
        # For every connection that comes back, that is a thread's round trip; `prepare_sqlite` knows a cheaper way.
        "pool_reset_on_return": None,
    }
    if not read_only:
        options |= {"poolclass": WriterPool, "pool_size": 1, "max_overflow": 0}
    return options


def postgresql_options(url: DatabaseURL, settings: DatabaseSettings, read_only: bool) -> dict[str, Any]:
    given = dict(url.connect_args)
    server = dict(cast("Mapping[str, str]", given.pop("server_settings", {})))
    connect: dict[str, Any] = {"timeout": settings.connect_timeout}
    if settings.statement_timeout:
        server.setdefault("statement_timeout", str(round(settings.statement_timeout * 1000)))
        # Of our own too: a server that is gone cancels nothing.
        connect["command_timeout"] = settings.statement_timeout + GRACE_SECONDS
    if read_only:
        server["default_transaction_read_only"] = "on"
    options: dict[str, Any] = {
        "connect_args": {**connect, **given, "server_settings": server},
        "pool_recycle": settings.pool_recycle,
    }
    return options | ({"isolation_level": "AUTOCOMMIT"} if read_only else {})


def check_after_idling(engine: Engine, seconds: float) -> None:
    """Replace a connection that the server closed, and ask one that idled for `seconds` whether it still works.

    Not SQLAlchemy's `pre_ping`: with asyncpg that is three round trips, before every unit of work.
    """

    @event.listens_for(engine, "checkin")
    def _(_connection: Any, record: Any) -> None:
        record.info["idle_since"] = monotonic()

    @event.listens_for(engine, "checkout")
    def _(connection: Any, record: Any, _proxy: Any) -> None:
        if connection.driver_connection.is_closed():  # known without asking
            raise exc.DisconnectionError("closed by the server")
        idle_since: float | None = record.info.pop("idle_since", None)
        if idle_since is None or monotonic() - idle_since < seconds:
            return
        try:
            connection.run_async(ping)
        except Exception as error:
            # One dead connection is seldom alone: a restart or a firewall took those that idled with it.
            raise exc.InvalidatePoolError("did not answer after idling") from error


async def ping(driver: Any) -> None:
    """Ask the server; one round trip."""
    await driver.execute("SELECT 1", timeout=PING_SECONDS)


def guard_opening(engine: Engine) -> None:
    """Note the connection that is being set up, so that one cut short can be closed (`Pool.connect`)."""

    @event.listens_for(engine, "connect", insert=True)
    def _(connection: Any, _record: Any) -> None:
        opening.set(connection)

    @event.listens_for(engine, "connect")
    def _(_connection: Any, _record: Any) -> None:
        opening.set(None)
