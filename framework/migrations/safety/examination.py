"""Asks every rule about every operation of a migration."""

from collections.abc import Collection, Iterator, Sequence

from alembic.operations import ops

from framework.checks import Level, Message
from framework.migrations.history.graph import Migration
from framework.migrations.safety.acceptance import accepted_by
from framework.migrations.safety.catalogue import RULES
from framework.migrations.safety.rule import Case, Finding
from framework.migrations.schema.table import key_of
from framework.migrations.state.mutations import apply_operation
from framework.migrations.state.state import State
from framework.near import near

__all__ = ["examine", "judge"]


def judge(findings: Sequence[Finding], migration: Migration) -> Iterator[Message]:
    """Yield what a migration's findings come to, beside what its file accepts."""
    accepted = accepted_by(migration)
    where = str(migration.path)
    for finding in findings:
        if not accepted.get(finding.rule.id):
            yield Message(Level.ERROR, finding.text, finding.hint, finding.rule.code, where)
    found = {finding.rule.id for finding in findings}
    for rule, reason in accepted.items():
        if not reason:
            text = f"{migration} accepts {rule!r} without a reason."
            hint = "Write why it does no harm here: the next reader of the file will ask."
            yield Message(Level.ERROR, text, hint, "migrations.accepted", where)
        elif rule not in found:
            yield needless(migration, rule)


def needless(migration: Migration, rule: str) -> Message:
    """Return the warning for an acceptance that meets nothing: the file has changed, or the id is wrong."""
    if rule in RULES:
        text, hint = f"{migration} accepts {rule!r}, which does not occur in it.", "Remove it."
    else:
        text = f"{migration} accepts {rule!r}, which is not a rule."
        hint = near(rule, RULES) or f"There are: {', '.join(sorted(RULES))}."
    return Message(Level.WARNING, text, hint, "migrations.accepted-needlessly", str(migration.path))


def examine(
    migration: Migration,
    operations: Sequence[ops.MigrateOperation],
    before: State,
    dialect: str,
    empty: Collection[str] = (),
    data: bool = False,
) -> Iterator[Finding]:
    """Yield what is unsafe about the operations of a migration on a database with the tables `before`.

    Tables that the migration creates are left out, and those that are known to be `empty`; `data` says whether it has
    a data().
    """
    state, created = before.copy(), set(empty)
    rules = [rule for rule in RULES.values() if dialect in rule.dialects]
    for position, operation in enumerate(operations):
        around = (operations, position, migration.transactional, data)
        case = Case(operation, state, frozenset(created), *around)
        # What stands in a block of state_only() or database_only() concerns one side alone.
        only = getattr(operation, "only", None)
        if only != "state":
            yield from (Finding(rule, migration, text) for rule in rules for text in rule.find(case))
        if only != "database":
            apply_operation(operation, state, migration.app)
        follow(operation, created)


def follow(operation: ops.MigrateOperation, created: set[str]) -> None:
    """Keep the keys of new tables; what the state alone learns of has been there before, with its rows."""
    if getattr(operation, "only", None) == "state":
        return
    if isinstance(operation, ops.CreateTableOp):
        created.add(key_of(operation.table_name, operation.schema))
    elif isinstance(operation, ops.RenameTableOp):
        old = key_of(operation.table_name, operation.schema)
        if old in created:
            created.remove(old)
            created.add(key_of(operation.new_table_name, operation.schema))
