"""Lay out one-line statements the way a formatter would: double quotes, 88 columns, one item a line when too long."""

import ast

__all__ = ["WIDTH", "flat", "layout"]

WIDTH = 88


def layout(statement: str, indent: int = 0) -> str:
    """Return a statement written on one line, broken where it is longer than a line."""
    (node,) = ast.parse(statement).body
    margin = " " * indent
    match node:
        case ast.Expr(value=value):
            return margin + expression(value, indent, indent, "")
        case ast.Assign(targets=[ast.Name(id=name)], value=value):
            head = f"{name} = "
            if isinstance(value, ast.Constant) and len(margin + head + unparse(value)) > WIDTH:
                return f"{margin}{head}(\n{margin}    {unparse(value)}\n{margin})"
            return margin + head + expression(value, indent, indent + len(head), "")
        case _:
            return margin + statement


def flat(statement: str) -> str:
    """Return an expression on one line, however long."""
    return unparse(ast.parse(statement, mode="eval").body)


def expression(node: ast.expr, indent: int, column: int, tail: str) -> str:
    """Return an expression that starts at `column` of a line indented by `indent` and is followed by `tail`."""
    line = unparse(node)
    if column + len(line) + len(tail) <= WIDTH:
        return line
    opening, parts, closing = pieces(node)
    if not parts:
        return line
    inner = indent + 4
    joined = ", ".join(head + unparse(value) for head, value in parts)
    # Items that fit together on one line stay there, without a trailing comma.
    if inner + len(joined) <= WIDTH and (len(parts) > 1 or not isinstance(node, ast.Tuple)):
        return f"{opening}\n{' ' * inner}{joined}\n{' ' * indent}{closing}"
    lines = [opening]
    for head, value in parts:
        lines.append(" " * inner + head + expression(value, inner, inner + len(head), ",") + ",")
    return "\n".join(lines) + "\n" + " " * indent + closing


def pieces(node: ast.expr) -> tuple[str, list[tuple[str, ast.expr]], str]:
    """Take an expression apart: what opens it, its parts each with what stands before it, and what closes it."""
    match node:
        case ast.Call(func=func, args=args, keywords=keywords):
            named = [(f"{keyword.arg}=" if keyword.arg else "**", keyword.value) for keyword in keywords]
            return unparse(func) + "(", [("", arg) for arg in args] + named, ")"
        case ast.List(elts=items):
            return "[", [("", item) for item in items], "]"
        case ast.Tuple(elts=items):
            return "(", [("", item) for item in items], ")"
        case ast.Dict(keys=keys, values=values):
            pairs = zip(keys, values, strict=True)
            return "{", [(f"{unparse(key)}: " if key else "**", value) for key, value in pairs], "}"
        case _:
            return "", [], ""


def unparse(node: ast.expr) -> str:
    """Return an expression on one line, with double quotes."""
    match node:
        case ast.Constant(value=str(text)):
            return quote(text)
        case ast.Attribute(value=value, attr=attr):
            return f"{unparse(value)}.{attr}"
        case ast.Tuple(elts=[item]):
            return f"({unparse(item)},)"
        case ast.Call() | ast.List() | ast.Tuple() | ast.Dict():
            opening, parts, closing = pieces(node)
            return opening + ", ".join(head + unparse(value) for head, value in parts) + closing
        case _:
            return ast.unparse(node)


def quote(text: str) -> str:
    """Return a string literal in double quotes, unless single ones save escapes."""
    plain = repr(text)
    if plain.startswith("'") and '"' not in text:
        return f'"{plain[1:-1]}"'.replace("\\'", "'")
    return plain
