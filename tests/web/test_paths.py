"""What an application sees of a path."""

import pytest

from framework.web import path_of


@pytest.mark.parametrize(
    ("path", "root", "seen"),
    [
        ("/a", "", "/a"),
        ("/svc/a", "/svc", "/a"),
        ("/svc/a", "/svc/", "/a"),
        ("/svc", "/svc", ""),
        ("/svcs/a", "/svc", "/svcs/a"),
        ("/a", "/svc", "/a"),
        ("/a", "/", "/a"),
    ],
)
def test_the_root_path_is_left_out(path, root, seen):
    assert path_of({"type": "http", "path": path, "root_path": root}) == seen


def test_a_server_may_know_no_root_path():
    assert path_of({"type": "http", "path": "/a"}) == "/a"
