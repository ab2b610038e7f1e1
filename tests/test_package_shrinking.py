"""What the package's bytecode is made of: numbers in the place of their names, and nothing else."""

import sys

import pytest

from support.runtimes import TOP

sys.path.insert(0, str(TOP / "package"))

from shrinking import shrink  # noqa: E402

LIMITS = "MOST = 4\n_LEAST = -MOST // 2\n_FLAGS, _MASK = 1, (1 << 4) - 1\n"


def shrunk(source, **others):
    """A module as it becomes, in a program with those others."""
    return shrink({"program": source, **others})["program"]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (LIMITS + "print(_LEAST, _FLAGS | _MASK)\n", "MOST = 4\nprint(-2, 1 | 15)\n"),
        ("_LEAST = -2\nprint(_LEAST ** 2)\n", "print((-2) ** 2)\n"),
        ("_A, B = 1, 2\nprint(_A)\n", "B = 2\nprint(1)\n"),
        ("from limits import MOST\nprint(MOST)\n", "print(4)\n"),
        ("from limits import MOST, show\nshow(MOST)\n", "from limits import show\nshow(4)\n"),
        ("from limits import _MASK\nprint(_MASK)\n", "print(15)\n"),
        ("from again import MOST\nprint(MOST)\n", "print(4)\n"),
        ("from limits import MOST\n_TWICE = MOST * 2\nprint(_TWICE)\n", "print(8)\n"),
        (
            "from package import limits\nprint(limits.MOST, limits.show)\n",
            "from package import limits\nprint(4, limits.show)\n",
        ),
        ('"""Text."""\n\ndef f():\n    """Text."""\n', "def f():\n pass\n"),
        ("def f(x):\n    '''Text.'''\n    return x\n", "def f(x):\n return x\n"),
    ],
)
def test_names_of_numbers_become_numbers(source, expected):
    others = {"limits": LIMITS, "package": "", "package.limits": LIMITS}
    others["again"] = "from limits import MOST\nprint(MOST)\n"
    assert shrunk(source, **others).lstrip("\n") == expected


@pytest.mark.parametrize(
    "source",
    [
        "_A = 1\n_A = 2\nprint(_A)\n",
        "_A = 1\n_A += 1\nprint(_A)\n",
        "_A = 1\n\ndef f(_A):\n return _A\n",
        "_A = 1\n\ndef f():\n _A = 2\n return _A\n",
        "_A = 1\n\ndef f():\n global _A\n _A = 2\n",
        "_A = 1\n\nclass C:\n _A = 2\n",
        "_A = 1\nfor _A in range(2):\n print(_A)\n",
        "_A = 1\ntry:\n print()\nexcept OSError as _A:\n print(_A)\n",
        "_A = 1\nfrom limits import _A\nprint(_A)\n",
        "_A = 1\nwith open('x') as _A:\n print(_A)\n",
        "_A = 'text'\nprint(_A)\n",
        "_A = True\nprint(_A)\n",
        "_A = 4 / 2\nprint(_A)\n",
        "_A = int('1')\nprint(_A)\n",
        "_A = 1 if print() else 2\nprint(_A)\n",
        "_a = 1\nprint(_a)\n",
        "from elsewhere import A\nprint(A)\n",
        "from limits import A as B\nprint(B)\n",
    ],
)
def test_what_is_no_number_for_good_stays(source):
    assert shrunk(source, limits="A = 1\n_A = 1\n").replace("\n\n", "\n") == source.replace(
        "\n\n", "\n"
    )


@pytest.mark.parametrize(
    "user",
    [
        "def f():\n from middle import A\n return A\n",
        "def f():\n import middle\n return middle.A\n",
        "from middle import A as B\nprint(B)\n",
        "from middle import A\nA = A\n",
    ],
)
def test_what_others_import_in_other_ways_is_still_there(user):
    program = shrink({"user": user, "middle": "from limits import A\n", "limits": "A = 1\n"})
    assert program["user"].replace("\n\n", "\n") == user
    assert program["middle"] == "from limits import A\n"
    assert program["limits"] == "A = 1\n"


def test_a_private_number_that_another_module_reads_stays():
    program = shrink({"limits": LIMITS, "user": "import limits\nprint(limits._MASK)\n"})
    assert program["limits"] == "MOST = 4\n_MASK = (1 << 4) - 1\n"


def test_modules_that_import_each_other():
    program = shrink(
        {
            "a": "from b import B\nA = 1\nprint(B)\n",
            "b": "from a import A\nB = 2\nprint(A)\n",
        }
    )
    results = []
    for source in (program["a"], program["b"]):
        exec(source.replace("from a import A\n", "A = 1\n"), {"print": results.append, "B": 2})
    assert results == [2, 1]


@pytest.mark.parametrize(
    ("source", "line"),
    [("from package import limits\nlimits.MOST = 5\n", 2), ("def f(:\n", 1), ("\nx = )\n", 2)],
)
def test_what_is_wrong_is_told_with_its_place(source, line):
    with pytest.raises(SyntaxError, match=rf"\(program, line {line}\)"):
        shrunk(source, **{"package.limits": LIMITS})
