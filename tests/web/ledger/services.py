import asyncio
from collections.abc import AsyncGenerator

from framework import service
from framework.errors import Conflict


class Ledger:
    """What happened, in order."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.rows: list[str] = []


class Transaction:
    """Stands for a database session: rows count once it has committed."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.pending: list[str] = []
        self.fails_at_commit = False


async def transaction(ledger: Ledger) -> AsyncGenerator[Transaction]:
    ledger.events.append("begin")
    made = Transaction(ledger)
    try:
        yield made
        await asyncio.sleep(0.01)  # a commit takes its time
        if made.fails_at_commit:
            raise Conflict("entry", fields={"name": "taken"})
    except BaseException as error:
        ledger.events.append(f"rollback {type(error).__name__}")
        raise
    ledger.rows += made.pending
    ledger.events.append("commit")


@service
class Entries:
    """Writes through the transaction of its scope."""

    def __init__(self, transaction: Transaction) -> None:
        self.transaction = transaction

    async def add(self, name: str) -> None:
        self.transaction.pending.append(name)
