"""Writes revision files: readable, formatted, importing everything they use."""

import importlib.util
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from framework.migrations.autodetector.arrangement import NewMigration
from framework.migrations.history.swappable import SWAPPABLE, first_of
from framework.migrations.operations.transactions import needs_no_transaction
from framework.migrations.source.code import literal, sequence
from framework.migrations.writer.layout import WIDTH, layout
from framework.migrations.writer.operations import body

__all__ = ["forget_bytecode", "quoted", "render", "write"]

ALEMBIC_OP = "from alembic import op"
OWN = "from framework.migrations import "

FILLING = '''

async def data(migration: Data) -> None:
    """Give a value to the rows that have none. Batches are committed; an interrupted run continues after the last."""
{lines}


async def undo_data(migration: Data) -> None:
    """Undo nothing: the column goes with the migration before."""
'''
"""What fills a column."""

SKELETON = '''

async def data(migration: Data) -> None:
    """Work on rows, after upgrade(): `migration.table("blog_post")`. Remove what you don't need."""


async def undo_data(migration: Data) -> None:
    """Undo data(), before downgrade(). Without this function the migration cannot be unapplied."""
'''
"""What an empty migration offers to fill in."""


def render(migration: NewMigration) -> str:
    """Return the text of a revision file."""
    upgrade, up_imports = body([item for change in migration.changes for item in change.forward])
    downgrade, down_imports = body([item for change in reversed(migration.changes) for item in change.backward])
    empty = not migration.changes and len(migration.parents) < 2  # a merge of two has nothing to do
    filling = [line for change in migration.changes for line in change.data]
    more = frozenset({"from framework.migrations import Data"} if empty or filling else ())
    if filling:
        more |= {"import sqlalchemy as sa"}
    header = [f"revision = {literal(migration.revision)}", f"down_revision = {parents(migration.parents)}"]
    if migration.app in SWAPPABLE and not migration.parents:
        # For Alembic, which would look for a migration of that name.
        header.append(f"branch_labels = {literal(first_of(migration.app))}")
    if migration.depends_on:
        header.append(f"depends_on = {sequence(map(literal, sorted(migration.depends_on)), '()')}")
    if migration.replaces:
        header.append(f"replaces = {sequence(map(literal, migration.replaces))}")
    if filling or any(needs_no_transaction(item) for change in migration.changes for item in change.forward):
        header.append("transactional = False")
    return (
        f"{docstring(migration)}\n\n"
        f"{imports(up_imports | down_imports | more)}"
        f"{chr(10).join(map(layout, header))}\n\n\n"
        f"def upgrade() -> None:\n{upgrade}\n\n\n"
        f"def downgrade() -> None:\n{downgrade}\n"
        f"{SKELETON if empty else ''}"
        f"{FILLING.format(lines=chr(10).join(f'    {line}' for line in filling)) if filling else ''}"
    )


def parents(revisions: Sequence[str]) -> str:
    """Return `down_revision` the way Alembic writes it."""
    if len(revisions) <= 1:
        return literal(revisions[0] if revisions else None).text
    return sequence(map(literal, revisions), "()").text


def docstring(migration: NewMigration) -> str:
    """Return what the migration does, a line a change."""
    texts = [change.text.replace("\\", "\\\\").replace('"', "'") for change in migration.changes]
    if not texts:
        merged = " and ".join(revision.partition(".")[2] or revision for revision in migration.parents)
        texts = [f"Merge {merged}" if len(migration.parents) > 1 else "Write me"]
    return quoted(texts)


def quoted(texts: Sequence[str]) -> str:
    """Return lines as the docstring of a file."""
    if len(texts) == 1:
        return f'"""{texts[0]}."""'[: WIDTH * 2]
    return '"""' + ".\n".join(texts) + '.\n"""'


def imports(lines: Iterable[str]) -> str:
    """Return import lines as isort orders them, with the empty lines after."""
    found = merged(lines)
    standard = [line for line in found if line.split()[1].partition(".")[0] in sys.stdlib_module_names]
    others = [line for line in found if line not in standard]
    blocks = ["\n".join(block) for block in map(isorted, (standard, others)) if block]
    return "".join(f"{block}\n\n" for block in blocks)


def merged(lines: Iterable[str]) -> set[str]:
    """Return import lines with one for what comes from us, whose `op` is Alembic's with more in it."""
    found = set(lines)
    own = {line for line in found if line.startswith(OWN)}
    if not own:
        return found
    names = sorted(line.removeprefix(OWN) for line in own)
    return (found - own - ({ALEMBIC_OP} if "op" in names else set())) | {OWN + ", ".join(names)}


def isorted(lines: Iterable[str]) -> list[str]:
    return sorted(lines, key=lambda line: (line.startswith("from "), line))


def write(migration: NewMigration, folder: Path) -> Path:
    """Write a migration into its app's folder, which is made when there is none."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "__init__.py").touch()
    path = folder / f"{migration.name}.py"
    path.write_text(render(migration), encoding="utf-8")
    forget_bytecode(path)
    return path


def forget_bytecode(path: Path) -> None:
    """Remove what was compiled from a former file of this name: it is matched by time and size alone."""
    Path(importlib.util.cache_from_source(str(path))).unlink(missing_ok=True)
