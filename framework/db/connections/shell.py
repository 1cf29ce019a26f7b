"""A plain prompt for SQL on PostgreSQL, for machines without psql."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, cast

from framework.db.url import DatabaseURL

__all__ = ["talk"]


def talk(url: DatabaseURL) -> None:
    """Read statements, each up to a semicolon at a line's end, run them and print what they return."""
    import asyncpg  # pyright: ignore[reportMissingTypeStubs]  # it has none

    place: dict[str, Any] = {"user": url.username, "password": url.password, "host": url.host, "port": url.port}
    given = {name: value for name, value in place.items() if value is not None}
    with asyncio.Runner() as runner:
        connection = runner.run(cast("Any", asyncpg).connect(**given, database=url.database, **url.connect_args))
        try:
            if sys.stdin.isatty():
                print(f"{url} (psql is not installed; end statements with ';', leave with Ctrl-D)")
            for statement in statements():
                with suppress(KeyboardInterrupt):
                    runner.run(answer(connection, statement, asyncpg.PostgresError))
        finally:
            runner.run(connection.close())


def statements() -> Iterator[str]:
    """Yield what is typed, or piped in, a statement at a time."""
    lines: list[str] = []
    while True:
        try:
            lines.append(input(("... " if lines else "=> ") if sys.stdin.isatty() else ""))
        except KeyboardInterrupt:
            print()
            lines.clear()
        except EOFError:
            break
        if lines and lines[-1].rstrip().endswith(";"):
            yield "\n".join(lines)
            lines.clear()
    if "".join(lines).strip():
        yield "\n".join(lines)


async def answer(connection: Any, statement: str, refused: type[Exception]) -> None:
    """Print the rows of a statement, or what it did, or why it failed."""
    try:
        prepared = await connection.prepare(statement)
        rows = await prepared.fetch()
    except refused as error:
        print(f"ERROR:  {error}", file=sys.stderr)
        return
    names = [attribute.name for attribute in prepared.get_attributes()]
    if not names:
        print(prepared.get_statusmsg())
        return
    cells = [names, *(["" if value is None else str(value) for value in row.values()] for row in rows)]
    widths = [max(len(row[number]) for row in cells) for number in range(len(names))]
    lines = [" | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    print(lines[0], "-+-".join("-" * width for width in widths), *lines[1:], sep="\n")
    print(f"({len(rows)} row{'' if len(rows) == 1 else 's'})")
