"""What user code writes on parameters."""

from __future__ import annotations

from typing import Annotated, get_type_hints

from framework.services import Inject, Injected, injected


class Posts: ...


def function(posts: Inject[Posts], size: int, text: Annotated[str, Injected], *, again: Inject[Posts]) -> None: ...


def test_inject_marks_a_parameter_and_keeps_its_type() -> None:
    hint = get_type_hints(function, include_extras=True)["posts"]
    assert hint.__origin__ is Posts
    assert isinstance(hint.__metadata__[0], Injected)
    assert get_type_hints(function)["posts"] is Posts


def test_injected_lists_the_marked_parameters_with_their_types() -> None:
    assert injected(function) == {"posts": Posts, "text": str, "again": Posts}


def test_inject_leaves_no_mark_on_the_class() -> None:
    before = dict(vars(Posts))
    Inject[Posts]
    assert dict(vars(Posts)) == before
