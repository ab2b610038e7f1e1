"""docs/parity.md names what the C tracker does row by row, and for each row tests that exist."""

import ast
import re

import pytest

from support.runtimes import TOP

# The rows and how much they are needed: M always, O because some builds have it, H historical.
NEEDS = {
    **dict.fromkeys(("H%d" % number for number in range(1, 17)), "M"),
    **dict.fromkeys(("U%d" % number for number in range(1, 6)), "M"),
    **dict.fromkeys(("S%d" % number for number in range(1, 4)), "M"),
    **dict.fromkeys(("F%d" % number for number in range(1, 7)), "M"),
    **dict.fromkeys(("T%d" % number for number in range(1, 9)), "M"),
    **dict.fromkeys(("C%d" % number for number in range(1, 7)), "M"),
    **dict.fromkeys(("D1", "D2", "A3", "P1", "P2", "X1"), "M"),
    **dict.fromkeys(("H3", "H14", "H15", "H16", "F3", "F5", "T6"), "O"),
    **dict.fromkeys(("A1", "A2", "A4", "L1", "L2", "P3", "P4"), "O"),
    **dict.fromkeys(("L3", "L4", "L5", "L6"), "H"),
}
LINK = re.compile(r"\[(test_\w+)\]\(\.\./(tests/[\w/]+\.py)\)")


def table():
    """The rows of the table, each as a list of its cells without blanks around them."""
    lines = (TOP / "docs" / "parity.md").read_text().splitlines()
    cells = (
        [cell.strip() for cell in line.strip("|").split("|")] for line in lines if line[:1] == "|"
    )
    return [row for row in cells if re.fullmatch(r"[A-Z]\d+", row[0])]


def links():
    """The tests that the table names, as (row, test, file)."""
    return [(row[0], *link) for row in table() for link in LINK.findall(row[-1])]


def functions_of(path):
    """The names of the functions in a file."""
    tree = ast.parse(path.read_text(), str(path))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_row_is_there_once():
    assert all(len(row) == 5 for row in table())
    assert sorted(row[0] for row in table()) == sorted(NEEDS)
    assert {row[0]: row[2] for row in table()} == NEEDS
    assert all(row[1] and row[3] for row in table())


@pytest.mark.parametrize(("row", "test", "file"), links())
def test_a_test_that_is_named_exists(row, test, file):
    assert test in functions_of(TOP / file)


@pytest.mark.parametrize("row", NEEDS)
def test_every_row_has_a_test_with_its_name(row):
    named = [test for id_, test, _ in links() if id_ == row]
    assert any(test.startswith(f"test_{row}_") for test in named)


def test_every_test_with_the_name_of_a_row_is_in_the_table():
    named = {(test, file) for _, test, file in links()}
    for path in TOP.glob("tests/**/*.py"):
        file = path.relative_to(TOP).as_posix()
        for test in functions_of(path):
            if re.match(r"test_[A-Z]\d+_", test):
                assert (test, file) in named
