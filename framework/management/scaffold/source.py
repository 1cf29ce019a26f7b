"""Changing Python source where its syntax tree says, so that everything else stays to the letter."""

import ast
import sys
from collections.abc import Collection, Iterable

__all__ = ["add_imports", "defined", "drop_functions", "drop_unused_imports", "exchange_statement", "fitted", "joined"]

WIDTH = 120


def exchange_statement(source: str, name: str, lines: Iterable[str]) -> str:
    """Return `source` with the first statement that assigns `name`, however deep, exchanged for `lines`."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id == name:
            return exchange_lines(source, node, lines)
    raise ValueError(f"no statement assigns {name!r}")


def exchange_lines(source: str, node: ast.stmt, lines: Iterable[str]) -> str:
    """Return `source` with the lines of `node` exchanged, indented as it was."""
    assert node.end_lineno is not None
    old = source.splitlines(keepends=True)
    new = [f"{' ' * node.col_offset}{line}\n" for line in lines]
    return "".join([*old[: node.lineno - 1], *new, *old[node.end_lineno :]])


def add_imports(source: str, wanted: Iterable[tuple[str, str]], own: Collection[str] = ()) -> str:
    """Return `source` with every `(module, name)` imported, joined to the line that imports from that module.

    A new line goes where linters want it: standard library, third parties, then the project's `own` packages.
    """
    for module, name in sorted(set(wanted)):
        source = _add_import(source, module, name, own)
    return source


def fitted(source: str) -> str:
    """Return `source` with signatures that are too long for a line broken as formatters break them."""
    lines: list[str] = []
    for line in source.splitlines():
        if line.startswith(("async def ", "def ")) and len(line) > WIDTH:
            opening, closing = line.index("("), line.rindex(") ->")
            lines += [line[: opening + 1], f"    {line[opening + 1 : closing]}", line[closing:]]
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def drop_functions(source: str, *names: str) -> str:
    """Return `source` without its functions of these names, and without the empty lines before them."""
    lines = source.splitlines(keepends=True)
    for node in reversed(ast.parse(source).body):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name in names:
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
            while first and not lines[first - 1].strip():
                first -= 1
            lines[first : node.end_lineno] = []
    return "".join(lines)


def drop_unused_imports(source: str) -> str:
    """Return `source` without the names imported from modules that nothing in it uses."""
    tree = ast.parse(source)
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    for node in reversed(tree.body):
        if isinstance(node, ast.ImportFrom):
            kept = [alias.name for alias in node.names if (alias.asname or alias.name) in used]
            if len(kept) < len(node.names):
                assert node.module is not None
                source = exchange_lines(source, node, [_import_line(node.module, kept)] if kept else [])
    return source


def joined(existing: str, addition: str, own: Collection[str] = ()) -> str:
    """Return `existing` with what `addition` imports and defines at its end.

    Names that `existing` binds itself (a `router`) are kept as they are there.
    """
    tree, standing = ast.parse(addition), defined(existing)
    lines = addition.splitlines(keepends=True)
    parts: list[str] = []
    imports: list[tuple[str, str]] = []
    for node in tree.body:
        if isinstance(node, ast.ImportFrom):
            assert node.module is not None
            imports += [(node.module, alias.name) for alias in node.names]
        elif isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            parts.append("".join(lines[first - 1 : node.end_lineno]).rstrip("\n"))
        elif isinstance(node, ast.Assign) and not any(
            isinstance(target, ast.Name) and target.id in standing for target in node.targets
        ):
            parts.append("".join(lines[node.lineno - 1 : node.end_lineno]).rstrip("\n"))
    body = "\n\n\n".join(filter(None, [existing.rstrip("\n"), *parts])) + "\n"
    return add_imports(body, imports, own)


def defined(source: str) -> dict[str, int]:
    """Return the names that a module binds at its top level, imports included, with their lines."""
    names: dict[str, int] = {}
    for node in ast.parse(source).body:
        bound: list[str] = []
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            bound = [node.name]
        elif isinstance(node, ast.Import | ast.ImportFrom):
            bound = [alias.asname or alias.name for alias in node.names]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            bound = [target.id for target in targets if isinstance(target, ast.Name)]
        names.update(dict.fromkeys(bound, node.lineno))
    return names


def _add_import(source: str, module: str, name: str, own: Collection[str]) -> str:
    tree = ast.parse(source)
    imports = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    for node in imports:
        if isinstance(node, ast.ImportFrom) and node.module == module and node.level == 0:
            if any(alias.name == name and alias.asname is None for alias in node.names):
                return source
            if _is_plain(source, node):
                names = [*(alias.name for alias in node.names), name]
                return exchange_lines(source, node, [_import_line(module, names)])
    line = _import_line(module, [name])
    lines = source.splitlines(keepends=True)
    rank = (_group(module, own), True, module)
    before = [node for node in imports if _rank(node, own) <= rank]
    behind = [node for node in imports if _rank(node, own) > rank]
    if before and (_rank(before[-1], own)[0] == rank[0] or not behind or _rank(behind[0], own)[0] != rank[0]):
        at = before[-1].end_lineno or 0
        gap = "" if _rank(before[-1], own)[0] == rank[0] else "\n"
        return "".join([*lines[:at], f"{gap}{line}\n", *lines[at:]])
    if behind:
        at = behind[0].lineno - 1
        gap = "" if _rank(behind[0], own)[0] == rank[0] else "\n"
        return "".join([*lines[:at], f"{line}\n{gap}", *lines[at:]])
    docstring = tree.body[0] if tree.body and ast.get_docstring(tree) is not None else None
    at = (docstring.end_lineno or 0) if docstring else 0
    return "".join([*lines[:at], f"\n{line}\n" if docstring else f"{line}\n\n", *lines[at:]])


def _is_plain(source: str, node: ast.ImportFrom) -> bool:
    """Tell whether an import can be written anew without losing anything: an alias, a comment, another statement."""
    written = "".join(source.splitlines(keepends=True)[node.lineno - 1 : node.end_lineno])
    simple = all(alias.asname is None and alias.name != "*" for alias in node.names)
    return simple and node.col_offset == 0 and "#" not in written and ";" not in written


def _import_line(module: str, names: Iterable[str]) -> str:
    ordered = sorted(set(names), key=lambda name: (not name.isupper(), not name[0].isupper(), name))
    line = f"from {module} import {', '.join(ordered)}"
    if len(line) <= WIDTH:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in ordered) + ")"


def _group(module: str, own: Collection[str]) -> int:
    top = module.partition(".")[0]
    return 0 if top in sys.stdlib_module_names else 2 if top in own else 1


def _rank(node: ast.Import | ast.ImportFrom, own: Collection[str]) -> tuple[int, bool, str]:
    """Return what imports are sorted by: the group, then `import x` before `from x import`, then the module."""
    module = node.names[0].name if isinstance(node, ast.Import) else node.module or ""
    return _group(module, own), isinstance(node, ast.ImportFrom), module
