"""What a migration file accepts, and why: `accepted = {"drop-column": "no release has read it since May"}`."""

import ast
from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

from framework.migrations.errors import HistoryError
from framework.migrations.history.graph import Migration

__all__ = ["accepted_by"]

NAME = "accepted"
NOTHING: Mapping[str, str] = MappingProxyType({})


def accepted_by(migration: Migration) -> Mapping[str, str]:
    """Return the reasons a file gives, by the ids of rules. An empty or missing reason is kept: it accepts nothing.

    Raises `HistoryError` when the file says it in another form.
    """
    text = migration.path.read_text(encoding="utf-8")
    if NAME not in text:
        return NOTHING
    for node in ast.parse(text, str(migration.path)).body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == NAME:
                return read(value, migration, node.lineno)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as value) if name == NAME:
                return read(value, migration, node.lineno)
            case _:
                pass
    return NOTHING


def read(node: ast.expr, migration: Migration, line: int) -> Mapping[str, str]:
    try:
        value: object = ast.literal_eval(node)
    except ValueError:
        value = None
    items = cast("dict[object, object]", value).items() if isinstance(value, dict) else ()
    if value != dict(items) or not all(isinstance(part, str) for item in items for part in item):
        raise HistoryError(
            f"{migration.path}:{line} sets `{NAME}` to {ast.unparse(node)}; wanted a dict of plain strings.",
            hint=f'Write the id of a rule and the reason: {NAME} = {{"drop-column": "no release reads it any more"}}',
            code="migrations.accepted",
        )
    return {str(rule): str(reason).strip() for rule, reason in items}
