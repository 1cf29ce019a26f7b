"""Changing source by its syntax tree."""

from framework.management.scaffold.source import add_imports, drop_unused_imports, exchange_statement, fitted, joined


def test_a_name_joins_the_line_that_imports_from_its_module() -> None:
    source = '"""Doc."""\n\nfrom x import B, a\n'
    assert add_imports(source, [("x", "C")]) == '"""Doc."""\n\nfrom x import B, C, a\n'


def test_new_imports_go_where_linters_want_them() -> None:
    source = '"""Doc."""\n\nimport os\nfrom typing import Any\n\nfrom framework import service\n\n'
    source += "from shop.models import A\n\nx = 1\n"
    wanted = [("datetime", "date"), ("httpx", "Client"), ("blog.models", "Post"), ("zoneinfo", "ZoneInfo")]
    assert add_imports(source, wanted, own={"shop", "blog"}) == (
        '"""Doc."""\n\nimport os\nfrom datetime import date\nfrom typing import Any\nfrom zoneinfo import ZoneInfo\n\n'
        "from framework import service\nfrom httpx import Client\n\n"
        "from blog.models import Post\nfrom shop.models import A\n\nx = 1\n"
    )


def test_the_first_import_of_a_module_stands_behind_its_docstring() -> None:
    assert add_imports('"""Doc."""\n\nx = 1\n', [("a", "b")]) == '"""Doc."""\n\nfrom a import b\n\nx = 1\n'


def test_imports_that_nothing_uses_are_dropped() -> None:
    assert drop_unused_imports("from a import b, c\nfrom d import e\n\nprint(c)\n") == "from a import c\n\nprint(c)\n"


def test_a_statement_is_exchanged_with_its_indentation() -> None:
    source = 'class A:\n    """A."""\n\n    x: int = f(\n        1,\n    )\n    y: int\n'
    assert exchange_statement(source, "x", ["a: int", "b: int"]) == (
        'class A:\n    """A."""\n\n    a: int\n    b: int\n    y: int\n'
    )


def test_definitions_are_added_and_what_stands_is_kept() -> None:
    existing = '"""Doc."""\n\nfrom a import router_of\n\nrouter = router_of("/mine")  # mine\n\n\ndef f(): ...\n'
    addition = '"""Other."""\n\nfrom a import g\n\nrouter = g("/theirs")\n\n\n@router.get("")\ndef h(): ...\n'
    assert joined(existing, addition) == (
        '"""Doc."""\n\nfrom a import g, router_of\n\nrouter = router_of("/mine")  # mine\n\n\ndef f(): ...\n\n\n'
        '@router.get("")\ndef h(): ...\n'
    )


def test_a_signature_too_long_for_a_line_is_broken() -> None:
    line = f"async def f({'a' * 60}: int, {'b' * 60}: int) -> int:"
    assert fitted(f"{line}\n    return 1\n") == (
        f"async def f(\n    {'a' * 60}: int, {'b' * 60}: int\n) -> int:\n    return 1\n"
    )
