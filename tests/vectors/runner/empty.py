"""A module for the test of the runner itself: it has no tests."""
