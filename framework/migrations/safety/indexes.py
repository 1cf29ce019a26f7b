"""Rules about indexes."""

from collections.abc import Iterator

from alembic.operations import ops

from framework.migrations.safety.rule import POSTGRESQL, Case, Rule, quoted
from framework.migrations.schema.reader import CONCURRENTLY, read_index
from framework.migrations.schema.table import Index

__all__ = ["RULES", "created", "is_concurrent"]

INDEXES = (ops.CreateIndexOp, ops.DropIndexOp)
MANY = 3


def is_concurrent(operation: ops.MigrateOperation) -> bool:
    """Tell whether an index is made or dropped without stopping writers."""
    return isinstance(operation, INDEXES) and bool(operation.kw.get(CONCURRENTLY))


def created(case: Case) -> Iterator[Index]:
    """Yield the indexes an operation makes on a table in use."""
    if case.table and isinstance(case.operation, ops.CreateIndexOp):
        yield read_index(case.operation.to_index())
    yield from case.indexes


def not_concurrent(case: Case) -> Iterator[str]:
    for index in created(case):
        if not index.unique and not is_concurrent(case.operation):
            yield f"builds index {index.name!r} without CONCURRENTLY"


def drop_not_concurrent(case: Case) -> Iterator[str]:
    if case.table and isinstance(case.operation, ops.DropIndexOp) and not is_concurrent(case.operation):
        yield f"drops index {case.operation.index_name!r} without CONCURRENTLY"


def in_transaction(case: Case) -> Iterator[str]:
    # PostgreSQL refuses it on a new table, too.
    if (
        case.atomic
        and is_concurrent(case.operation)
        and isinstance(case.operation, ops.CreateIndexOp | ops.DropIndexOp)
    ):
        yield f"names index {case.operation.index_name!r} CONCURRENTLY inside a transaction"


def wide(case: Case) -> Iterator[str]:
    for index in created(case):
        if not index.unique and len(index.expressions) > MANY:
            yield f"builds index {index.name!r} over {len(index.expressions)} columns, {quoted(index.columns)}"


RULES = (
    Rule(
        "index-not-concurrent",
        "An index is built without CONCURRENTLY",
        "Nobody can write to the table until it is built.",
        ("Build it with postgresql_concurrently=True in a migration of its own that says `transactional = False`.",),
        not_concurrent,
        POSTGRESQL,
    ),
    Rule(
        "drop-index-not-concurrent",
        "An index is dropped without CONCURRENTLY",
        "It waits for every query on the table, and later queries wait behind it.",
        ("Drop it with postgresql_concurrently=True in a migration of its own that says `transactional = False`.",),
        drop_not_concurrent,
        POSTGRESQL,
    ),
    Rule(
        "concurrently-in-transaction",
        "CONCURRENTLY is used inside a transaction",
        "PostgreSQL refuses it, and the migration fails.",
        ("Put it into a migration of its own that says `transactional = False`.",),
        in_transaction,
        POSTGRESQL,
    ),
    Rule(
        "wide-index",
        "An index has more than three columns",
        "It costs every write and rarely serves more reads than its first columns do.",
        ("Index the columns that narrow a search the most.",),
        wide,
        POSTGRESQL,
    ),
)
