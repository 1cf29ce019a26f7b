"""What the annotation of a relationship says: the class at the other end, and whether there are many."""

import ast
from dataclasses import dataclass
from types import NoneType
from typing import ForwardRef, get_args, get_origin

from sqlalchemy.orm import Mapped
from sqlmodel import SQLModel

from framework.errors import ImproperlyConfigured

__all__ = ["OtherEnd", "other_end"]

MANY = ("list", "List")
WRAPPERS = ("Optional", "Mapped")


@dataclass(frozen=True)
class OtherEnd:
    """The class at the other end, or its name while it is only a name."""

    target: type[SQLModel] | str
    many: bool = False


def other_end(annotation: object, where: str) -> OtherEnd:
    """Read `"User"`, `User | None`, `list["Tag"]`, and the same as text (`from __future__ import annotations`)."""
    found = read(annotation)
    if found is None:
        raise ImproperlyConfigured(
            f"The relationship {where} is annotated {annotation!r}, which names no single model.",
            hint="Annotate it 'User', 'User | None' or list['User'].",
            code="db.relationship-annotation",
        )
    return found


def read(annotation: object) -> OtherEnd | None:
    if isinstance(annotation, ForwardRef):
        annotation = annotation.__forward_arg__
    if isinstance(annotation, str):
        return read_text(annotation)
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return OtherEnd(annotation) if issubclass(annotation, SQLModel) else None
    arguments = [argument for argument in get_args(annotation) if argument is not NoneType]
    if len(arguments) != 1 or (inner := read(arguments[0])) is None:
        return None
    origin = get_origin(annotation)
    if isinstance(origin, type) and origin not in (list, Mapped) and origin.__name__ != "UnionType":
        return None
    return OtherEnd(inner.target, inner.many or origin is list)


def read_text(text: str) -> OtherEnd | None:
    try:
        return read_node(ast.parse(text.strip(), mode="eval").body)
    except SyntaxError:
        return None


def read_node(node: ast.expr) -> OtherEnd | None:
    match node:
        case ast.Constant(value=str(text)):
            return read_text(text)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return OtherEnd(name)
        case ast.BinOp(left=left, op=ast.BitOr(), right=ast.Constant(value=None)):
            return read_node(left)
        case ast.BinOp(left=ast.Constant(value=None), op=ast.BitOr(), right=right):
            return read_node(right)
        case ast.Subscript(value=ast.Name(id=outer) | ast.Attribute(attr=outer), slice=inner):
            end = read_node(inner)
            if end is None or outer not in (*MANY, *WRAPPERS):
                return None
            return OtherEnd(end.target, end.many or outer in MANY)
        case _:
            return None
