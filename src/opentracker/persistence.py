"""What outlives a restart: the state file, and a statedump to start with."""

import time

from opentracker import config
from opentracker.log import log


class Persistence:
    """Loads when the tracker starts, saves while it runs and when it ends.

    It works in jobs (`opentracker.jobs`), so that a save waits until all is loaded.
    """

    def __init__(self, settings, tracker, jobs, system):
        """`system` is `opentracker.runtime`."""
        self._tracker = tracker
        self._jobs = jobs
        self._system = system
        self._state_file = _path(settings, settings.state_file)
        self._statedump = _path(settings, settings.load_file)
        self._loading = None
        self._saving = None

    def load(self):
        """Has the files loaded."""
        self._loading = self._load()
        self._jobs.add(self._loading)

    def save(self):
        """Has the state saved, instead of by a save that has not ended yet."""
        self._give_up_saving()
        if self._state_file:
            self._saving = self._save()
            self._jobs.add(self._saving)

    def finish(self):
        """Saves the state at once; half a state, if it is still being loaded, is not saved."""
        self._give_up_saving()
        if self._loading:
            self._loading.close()
            log("not all is loaded yet, so nothing is saved")
        elif self._state_file:
            for _ in self._save():
                pass

    def _load(self):
        pools = self._tracker.pools
        try:
            if self._state_file:
                from opentracker import statefile

                yield from statefile.load(pools, self._state_file, _now(), self._allows)
                statefile.try_out(self._state_file, self._system)
            if self._statedump:
                from opentracker import statedump

                yield from statedump.load(pools, self._statedump, _now() // 60, self._allows)
        finally:
            self._loading = None

    def _save(self):
        from opentracker import statefile

        yield from statefile.save(self._tracker.pools, self._state_file, _now(), self._system)
        self._saving = None

    def _give_up_saving(self):
        if self._saving:
            self._saving.close()
            self._saving = None

    def _allows(self, info_hash):
        access = self._tracker.access
        return not access or access.allows(info_hash)


def _path(settings, name):
    return config.path_of(settings, name) if name else None


def _now():
    return int(time.time())
