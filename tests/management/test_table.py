"""Columns of text."""

from framework.management.table import table


def test_columns_are_as_wide_as_their_widest_cell() -> None:
    assert table(["A", "Long"], [["xyz", "1"], ["", "22"]]) == "A    Long\n---  ----\nxyz  1\n     22"


def test_one_very_long_cell_pushes_only_its_own_line() -> None:
    lines = table(["A", "B"], [["x" * 100, "1"], ["y", "2"]]).splitlines()
    assert lines[2] == "x" * 100 + "  1"
    assert lines[3].index("2") == 50
