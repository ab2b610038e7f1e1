"""Fixtures for trackers that run, and the rule for tests that can't."""

import os
import signal
import tempfile
from pathlib import Path

import pytest

from support.luci import browser, chromium, luci
from support.packages import Built
from support.runtimes import RUNTIMES, need_root, need_runtime
from support.tracker import Tracker

__all__ = ["browser", "chromium", "luci"]

IN_CI = os.environ.get("CI") == "true"


@pytest.fixture(params=RUNTIMES)
def runtime(request):
    """The runtime under test; parametrize a test with "runtime" to choose others."""
    return request.param


@pytest.fixture
def launch():
    """launch(runtime, *options, ...) starts a Tracker; at the test's end all must end well.

    Each has to exit with status 0 when it is asked to, and to have logged no traceback. A test
    that stops one itself checks the exit status itself.
    """
    trackers = []

    def launch_one(runtime, *options, **how):
        need_runtime(runtime)
        trackers.append(Tracker(runtime, *options, **how))
        return trackers[-1]

    yield launch_one
    try:
        for tracker in trackers:
            if tracker.status is None:
                assert tracker.stop(signal.SIGTERM) == 0, tracker.log()
            assert "Traceback" not in tracker.log(), tracker.log()
            for told in ("a mistake of ours", "is given up"):
                assert told not in tracker.log(), tracker.log()
    finally:
        for tracker in trackers:
            tracker.__exit__()


@pytest.fixture
def start(launch, runtime):
    """start(*options, ...) starts a Tracker on the runtime under test."""

    def start_one(*options, **how):
        return launch(runtime, *options, **how)

    return start_one


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """What scripts/build makes of this checkout."""
    return Built(tmp_path_factory.mktemp("dist"))


@pytest.fixture
def public_path():
    """A directory that other users may read, as the tracker becomes one of them."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


# The files that take minutes each: what is left for the end should be short.
FIRST = ("test_virtual_router.py", "test_state.py", "test_live_sync.py", "test_bridge.py")


def pytest_collection_modifyitems(items):
    """Several processes share the tests by file, whose costly fixtures one alone has to make.

    Vectors have none.
    """
    items.sort(key=lambda item: item.path.name not in FIRST)
    for item in items:
        if item.path.name != "test_vectors.py":
            item.add_marker(pytest.mark.xdist_group(item.path.name))


def pytest_runtest_setup(item):
    if item.get_closest_marker("requires_root"):
        need_root()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    return _no_skips_in_ci((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    return _no_skips_in_ci((yield))


def _no_skips_in_ci(report):
    """With CI=true everything has to be there: what skips elsewhere fails."""
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"skipped, which is a failure with CI=true: {report.longrepr[2]}"
    return report
