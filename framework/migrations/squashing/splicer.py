"""Puts other operations into a revision file and leaves all the rest of it as it is."""

import ast
from collections.abc import Mapping, Sequence

from alembic.operations import ops

from framework.migrations.writer.layout import layout
from framework.migrations.writer.operations import body

__all__ = ["spliced"]


def spliced(
    text: str,
    functions: Mapping[str, Sequence[ops.MigrateOperation]],
    header: Mapping[str, str] | None = None,
    docstring: str | None = None,
) -> str:
    """Return the text of a file with other operations in `functions`, and other values in its header."""
    tree = ast.parse(text)
    lines = text.splitlines()
    edits: list[tuple[int, int, list[str]]] = []
    imports: set[str] = set()
    missing = dict(header or {})
    for node in tree.body:
        end = node.end_lineno or node.lineno
        if isinstance(node, ast.FunctionDef) and node.name in functions:
            made, needed = body(functions[node.name])
            imports |= needed
            edits.append((node.lineno, end, [f"def {node.name}() -> None:", *made.splitlines()]))
        elif (name := target(node)) is not None and name in missing:
            edits.append((node.lineno, end, [layout(f"{name} = {missing.pop(name)}")]))
            if name == "down_revision":
                edits[-1][2].extend(layout(f"{other} = {value}") for other, value in missing.items())
                missing.clear()
        elif node is tree.body[0] and docstring is not None and ast.get_docstring(tree) is not None:
            edits.append((node.lineno, end, docstring.splitlines()))
    for start, end, new in sorted(edits, reverse=True):
        lines[start - 1 : end] = new
    return with_imports("\n".join(lines) + "\n", imports)


def target(node: ast.stmt) -> str | None:
    """Return the name that a statement gives a value."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
        case _:
            return None


def with_imports(text: str, wanted: set[str]) -> str:
    """Return a file with the imports it lacks, below those it has."""
    tree = ast.parse(text)
    imported = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    bound = {alias.asname or alias.name for node in imported for alias in node.names}
    lacking = [line for line in sorted(wanted) if line.rpartition(" ")[2] not in bound]
    if not lacking:
        return text
    lines = text.splitlines()
    documented = tree.body and isinstance(tree.body[0], ast.Expr)
    after = imported[-1].end_lineno if imported else (tree.body[0].end_lineno if documented else 0)
    place = after or 0
    lines[place:place] = lacking if imported else ["", *lacking]
    return "\n".join(lines) + "\n"
