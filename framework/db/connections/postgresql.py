"""PostgreSQL through asyncpg: how connections are opened, limited and asked whether they still work."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from time import monotonic
from typing import Any, cast

from sqlalchemy import Engine, event, exc

from framework.db.connections.shielded import to_the_end
from framework.db.settings import DatabaseSettings
from framework.db.url import DatabaseURL

__all__ = ["check_after_idling", "connect_args", "stop_when_cancelled"]

PING_SECONDS = 5.0
GRACE_SECONDS = 5.0
CLOSE_SECONDS = 2.0


def connect_args(url: DatabaseURL, settings: DatabaseSettings, *, read_only: bool) -> dict[str, Any]:
    """Return what asyncpg is told; what the URL says wins."""
    given = dict(url.connect_args)
    server = dict(cast("Mapping[str, str]", given.pop("server_settings", {})))
    arguments: dict[str, Any] = {"timeout": settings.connect_timeout, "async_creator_fn": connect}
    if settings.statement_timeout:
        server.setdefault("statement_timeout", str(round(settings.statement_timeout * 1000)))
        # Of our own too: a server that is gone cancels nothing.
        arguments["command_timeout"] = settings.statement_timeout + GRACE_SECONDS
    if settings.client_check:
        server.setdefault("client_connection_check_interval", str(round(settings.client_check * 1000)))
    if read_only:
        server["default_transaction_read_only"] = "on"
    return {**arguments, **given, "server_settings": server}


async def connect(*args: Any, **options: Any) -> Any:
    """Open a connection. A caller that is cancelled leaves at once; asyncpg would break off loudly, so it finishes."""
    import asyncpg  # pyright: ignore[reportMissingTypeStubs]  # it has none

    opening = asyncio.ensure_future(cast("Any", asyncpg).connect(*args, **options))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        unwanted.add(opening)
        opening.add_done_callback(discard)
        raise


unwanted: set[asyncio.Future[Any]] = set()
"""Connections under way that nobody waits for any more; the event loop alone would forget them."""


def discard(opening: asyncio.Future[Any]) -> None:
    unwanted.discard(opening)
    if not opening.cancelled() and opening.exception() is None:
        opening.result().terminate()


def stop_when_cancelled(engine: Engine) -> None:
    """Have the server stop, too, when the task that waits for a statement is cancelled."""

    @event.listens_for(engine, "invalidate")
    def _(connection: Any, _record: Any, error: BaseException | None) -> None:
        if connection is not None and error is not None and not isinstance(error, Exception):
            connection.run_async(take_leave)


async def take_leave(driver: Any) -> None:
    """Cancel the statement at work and close.

    asyncpg does so by itself if it is let: a cancel scope, which cancels again and again, would have the connection
    dropped before that, and the server would work on.
    """
    with suppress(Exception, asyncio.CancelledError):  # the cancellation that led here goes on
        await to_the_end(driver.close(timeout=CLOSE_SECONDS))


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
