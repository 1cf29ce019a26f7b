"""An ASGI application that sends the list of 100 rows, and does nothing else."""

from typing import Any

from pydantic import TypeAdapter
from rows import Row, make_rows

BODY = TypeAdapter(list[Row]).dump_json(make_rows(100))
HEADERS = [(b"content-length", b"%d" % len(BODY)), (b"content-type", b"application/json")]


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Serve one request, or the lifespan."""
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": BODY})
