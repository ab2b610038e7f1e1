"""When what outlives a restart is loaded and saved."""

from files import Scratch
from makers import Replaced, info_hash, peer_v4, pools_of
from vec_statefile import State, System

from opentracker import persistence, statefile
from opentracker.persistence import Persistence
from opentracker.tracker import Tracker


class Jobs:
    """Jobs in turn, a step at a time."""

    def __init__(self):
        self.waiting = []

    def add(self, job):
        self.waiting.append(job)

    def work(self, steps=1 << 20):
        while self.waiting and steps:
            steps -= 1
            try:
                next(self.waiting[0])
            except StopIteration:
                self.waiting.pop(0)


class Deny:
    def __init__(self, denied):
        self._denied = denied

    def allows(self, info_hash):
        return info_hash != self._denied


class Settings:
    rootdir = None
    directory = "/tmp"

    def __init__(self, state_file, load_file):
        self.state_file = state_file
        self.load_file = load_file


def start(state_file, statedump=None, access=None):
    """A tracker that is loading."""
    tracker, jobs = Tracker(pools_of(512)), Jobs()
    tracker.access = access
    kept = Persistence(Settings(state_file, statedump), tracker, jobs, System)
    kept.load()
    return tracker, jobs, kept


def crowd(tracker, numbers):
    for number in numbers:
        tracker.announce(info_hash(number), peer_v4(number), False, False, False)


def test_what_was_saved_at_the_end_is_there_at_the_next_start():
    with State() as state, Scratch() as dump:
        dump.write(b"303132333435363738396162636465666768696A:99999999:7\n")
        tracker, jobs, kept = start(state.path)
        assert not state.lines
        jobs.work()
        crowd(tracker, range(200))
        kept.finish()
        assert not jobs.waiting and len(state.lines) == 1
        tracker, jobs, _ = start(state.path, dump.path, Deny(info_hash(5)))
        jobs.work()
        assert tracker.pools.swarms.count == 200
        assert not tracker.pools.find(info_hash(5))
        swarm = tracker.pools.find(b"0123456789abcdefghij")
        assert tracker.pools.downloaded(swarm) == 7


def test_relative_names_are_relative_to_where_the_settings_say():
    with State() as state:
        tracker, jobs, kept = start(state.path[len("/tmp/") :])
        jobs.work()
        crowd(tracker, range(3))
        kept.finish()
        assert len(state.read()) > 100


def test_without_a_state_file_only_the_dump_is_loaded():
    with Scratch() as dump:
        dump.write(b"303132333435363738396162636465666768696A:99999999:7\n")
        tracker, jobs, kept = start(None, dump.path)
        jobs.work()
        assert tracker.pools.swarms.count == 1
        kept.save()
        kept.finish()
        assert not jobs.waiting


def test_a_second_save_takes_the_place_of_the_first():
    with State() as state:
        tracker, jobs, kept = start(state.path)
        jobs.work()
        crowd(tracker, range(500))
        kept.save()
        jobs.work(3)
        assert state.exists(".new") and not state.exists()
        crowd(tracker, range(500, 510))
        kept.save()
        jobs.work()
        assert [line.split()[:2] for line in state.lines] == [["saved", "510"]]
        kept.save()
        jobs.work()
        assert len(state.lines) == 2


def test_the_end_comes_during_a_save():
    with State() as state:
        tracker, jobs, kept = start(state.path)
        jobs.work()
        crowd(tracker, range(500))
        kept.save()
        jobs.work(3)
        crowd(tracker, range(500, 510))
        kept.finish()
        assert not state.exists(".new")
        assert [line.split()[:2] for line in state.lines] == [["saved", "510"]]
        jobs.work()
        assert len(state.lines) == 1


def test_what_is_not_all_loaded_is_not_saved():
    with State() as state:
        tracker, jobs, kept = start(state.path)
        jobs.work()
        crowd(tracker, range(1000))
        kept.finish()
        before = state.read()
        for reload in False, True:
            state.lines.clear()
            with Scratch(persistence) as logged:
                tracker, jobs, kept = start(state.path)
                while not tracker.pools.swarms.count:
                    jobs.work(1)
                if reload:
                    kept.save()
                kept.finish()
                jobs.work()
                assert logged.lines == ["not all is loaded yet, so nothing is saved"]
            assert tracker.pools.swarms.count < 1000
            assert state.read() == before and not state.lines


def test_a_save_waits_until_all_is_loaded():
    with State() as state:
        tracker, jobs, kept = start(state.path)
        jobs.work()
        crowd(tracker, range(1000))
        kept.finish()
        tracker, jobs, kept = start(state.path)
        jobs.work(2)
        kept.save()
        crowd(tracker, range(1000, 1001))
        jobs.work()
        assert [line.split()[:3] for line in state.lines[-2:]] == [
            ["restored", "from", state.path + ","],
            ["saved", "1001", "swarms"],
        ]


def test_a_damaged_file_is_not_saved_over():
    with State() as state:
        state.write(b"no state file")
        tracker, jobs, kept = start(state.path)
        jobs.work()
        crowd(tracker, range(10))
        kept.finish()
        assert state.read(".damaged") == b"no state file"
        assert state.lines[-1].startswith("saved 10 swarms and 10 peers to ")


def test_who_runs_out_of_memory_while_loading_saves_nevertheless():
    with State() as state:
        tracker, jobs, kept = start(state.path)
        with Replaced(statefile, "try_out", out_of_memory):
            try:
                jobs.work()
            except MemoryError:
                jobs.waiting.pop(0)
        crowd(tracker, range(3))
        kept.finish()
        tracker, jobs, _ = start(state.path)
        jobs.work()
        assert tracker.pools.swarms.count == 3


def out_of_memory(_path, _system):
    raise MemoryError
