"""A module for the test of the runner itself: one test fails, one passes."""


def test_fails():
    raise ValueError("on purpose")


def test_passes():
    pass
