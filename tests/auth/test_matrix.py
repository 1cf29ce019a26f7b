"""Who may call what, in a file whose changes say who gained access."""

import pytest

from framework.auth.access.matrix import Change, changes, read_matrix, write_matrix
from framework.errors import CommandError


def test_a_file_keeps_the_matrix_a_line_for_each_way_in(tmp_path):
    path = tmp_path / "access.lock"
    matrix = {"POST /posts": "LoginRequired", "GET /posts": "Public", "GET /a": "", "GET /x": 'Require("a.b", "c.d")'}
    write_matrix(path, matrix)
    assert path.read_text() == (
        "# Who may call what: written by `manage.py access --lock`. Commit it, and read what changes in it.\n"
        "GET /a  -\n"
        "GET /posts  Public\n"
        "POST /posts  LoginRequired\n"
        'GET /x  Require("a.b", "c.d")\n'
    )
    assert read_matrix(path) == matrix
    assert changes(read_matrix(path), matrix) == []


@pytest.mark.parametrize(
    ("before", "after", "gains"),
    [
        (None, "LoginRequired", True),
        ("Public", None, False),
        ("LoginRequired", "Public", True),
        ("LoginRequired", "", True),
        ("", "Public", False),
        ("Public", "LoginRequired", False),
        ("StaffRequired", "LoginRequired", True),
        ("LoginRequired", "StaffRequired", False),
        ('Require("a.b")', 'Require("a.c")', True),
        ('Require("a.b", "a.c")', 'Require("a.b")', True),
        ('Require("a.b")', 'Require("a.b", "a.c")', False),
        ('StaffRequired, Scopes("x")', "StaffRequired", True),
        ("StaffRequired", 'StaffRequired, Scopes("x")', False),
    ],
)
def test_who_gained_access_is_told_from_who_lost_it(before, after, gains):
    assert Change("GET /x", before, after).gains is gains


def test_gains_come_first_and_then_by_path():
    before = {"GET /a": "Public", "GET /b": "LoginRequired", "GET /c": "Public", "GET /d": "Public"}
    after = {"GET /a": "LoginRequired", "GET /b": "Public", "GET /d": "Public", "GET /0": "Public"}
    assert [str(change) for change in changes(before, after)] == [
        "GET /0: Public (new)",
        "GET /b: LoginRequired -> Public",
        "GET /a: Public -> LoginRequired",
        "GET /c: Public -> (gone)",
    ]


def test_a_file_that_is_missing_or_broken_says_what_to_do(tmp_path):
    path = tmp_path / "access.lock"
    with pytest.raises(CommandError, match=r"There is no access\.lock in") as missing:
        read_matrix(path)
    assert missing.value.hint == "Write it: python manage.py access --lock"
    path.write_text("# head\nGET /a  Public\n<<<<<<< HEAD\n")
    with pytest.raises(CommandError, match=r"access\.lock:3 is '<<<<<<< HEAD'") as broken:
        read_matrix(path)
    assert broken.value.code == missing.value.code == "auth.lock"
