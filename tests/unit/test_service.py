"""What comes before the first request."""

from opentracker import config, service


def steps(count, done):
    for _ in range(count):
        yield
    done.append(count)


def test_the_first_clients_wait_for_short_jobs_and_not_for_endless_ones(monkeypatch):
    monkeypatch.setattr(service, "_PATIENCE_MS", 30)
    waited = service.Service(config.load(["-m", "256", "-i", "127.0.0.1", "-p", "6969"]))
    done = []
    waited.jobs.add(steps(100, done))
    waited._work_before_serving()
    assert done == [100] and not waited.jobs.work()
    waited.jobs.add(steps(100, done))
    waited.jobs.add(steps(1 << 40, done))
    waited._work_before_serving()
    assert done == [100, 100] and waited.jobs.work()
