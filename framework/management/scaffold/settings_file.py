"""Adding an app to the one literal that lists the installed apps, and touching nothing else in the file."""

import ast
from pathlib import Path

__all__ = ["add_app"]


def add_app(path: Path, entry: str) -> bool:
    """Add `entry` at the end of the `installed_apps` literal of the file at `path`.

    Return False, with nothing written, when the file has no such literal or more than one. An entry that is there
    already is left alone. Comments, order and formatting stay as they are.
    """
    source = path.read_bytes().decode()  # as bytes: line ends stay what they are
    literal = _literal(source)
    if literal is None:
        return False
    if any(isinstance(item, ast.Constant) and item.value == entry for item in literal.elts):
        return True
    path.write_bytes(_insert(source, literal, entry))
    return True


def _literal(source: str) -> ast.Tuple | ast.List | None:
    """Return the tuple or list assigned to `installed_apps`, when there is exactly one."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return None
    found: list[ast.expr | None] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets: list[ast.expr] = node.targets
        elif isinstance(node, ast.AnnAssign):
            targets = [node.target]
        else:
            continue
        if any(isinstance(target, ast.Name) and target.id == "installed_apps" for target in targets):
            found.append(node.value)
    if len(found) == 1 and isinstance(found[0], ast.Tuple | ast.List):
        return found[0]
    return None


def _insert(source: str, literal: ast.Tuple | ast.List, entry: str) -> bytes:
    """Return `source` with `entry` behind the literal's last element, laid out as its neighbours are."""
    data = source.encode()
    starts = [0]
    for line in data.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def offset(line: int, column: int) -> int:
        return starts[line - 1] + column

    assert literal.end_lineno is not None
    assert literal.end_col_offset is not None
    end = offset(literal.end_lineno, literal.end_col_offset)
    text = f'"{entry}"'.encode()
    if not literal.elts:
        start = offset(literal.lineno, literal.col_offset)
        inside = data[start + 1 : end - 1]
        if inside.strip():  # comments, which stay, and so each has a line
            closing_line = data[starts[literal.end_lineno - 1] : end - 1]
            indent = closing_line[: len(closing_line) - len(closing_line.lstrip())]
            newline = b"\r\n" if b"\r\n" in data else b"\n"
            return (
                data[: end - 1].rstrip() + newline + indent + b"    " + text + b"," + newline + indent + data[end - 1 :]
            )
        comma = b"," if isinstance(literal, ast.Tuple) else b""
        return data[: start + 1] + text + comma + data[end - 1 :]
    last = literal.elts[-1]
    assert last.end_lineno is not None
    assert last.end_col_offset is not None
    behind = offset(last.end_lineno, last.end_col_offset)
    parenthesised = data[end - 1 : end] in (b")", b"]")
    tail = data[behind : end - 1] if parenthesised else b""
    if literal.end_lineno > last.end_lineno:
        # One entry a line: the new one goes on a line of its own, behind a comment that the last one may have.
        line = data[starts[last.lineno - 1] : behind]
        indent = line[: len(line) - len(line.lstrip())]
        newline = b"\r\n" if b"\r\n" in data else b"\n"
        line_end = starts[last.end_lineno] if last.end_lineno < len(starts) else len(data)
        rest_of_line = data[behind:line_end].rstrip(b"\r\n")
        comma = b"" if rest_of_line.lstrip().startswith(b",") else b","
        return data[:behind] + comma + rest_of_line + newline + indent + text + b"," + newline + data[line_end:]
    comma = b"" if b"," in tail else b","
    if not parenthesised:
        return data[:behind] + b", " + text + data[end:]
    return data[:behind] + comma + tail.rstrip() + b" " + text + data[end - 1 :]
