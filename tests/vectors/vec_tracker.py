"""What is the same for every protocol: intervals, shares of the families, what an announce does."""

from makers import Replaced, info_hash, peer_v4, peer_v6, pools_of

from opentracker import tracker
from opentracker.tracker import Tracker, TrackerFull, interval, share_between_families


def test_interval_goes_from_27_minutes_to_just_below_33():
    for chance, seconds in ((0, 1620), (0x8000, 1800), (0xFFFF, 1979)):
        with Replaced(tracker, "getrandbits", lambda bits, chance=chance: chance >> (16 - bits)):
            assert interval() == seconds


def test_intervals_spread():
    intervals = [interval() for _ in range(2000)]
    assert 1620 <= min(intervals) < 1640 and 1960 < max(intervals) <= 1979
    assert len(set(intervals)) > 300


def test_all_are_shared_if_wanted():
    for want in (0, 1, 50, 200):
        for have_v4 in range(0, want + 1, 7):
            for have_v6 in {0, want - have_v4, (want - have_v4) // 2}:
                assert share_between_families(want, have_v4, have_v6) == (have_v4, have_v6)


def test_shares_as_the_c_tracker_has_them():
    for want, v4, v6 in ((1, 0, 1), (2, 1, 1), (3, 1, 2), (5, 2, 3), (50, 25, 25)):
        assert share_between_families(want, 122, 121) == (v4, v6)


def test_each_family_gets_a_quarter():
    for want, have_v4, have_v6, v4, v6 in (
        (0, 10, 10, 0, 0),
        (200, 10000, 50, 150, 50),
        (200, 50, 10000, 50, 150),
        (200, 10000, 49, 151, 49),
        (200, 10000, 0, 200, 0),
        (200, 0, 10000, 0, 200),
        (50, 1000, 12, 38, 12),
        (8, 1000, 3, 5, 3),
    ):
        assert share_between_families(want, have_v4, have_v6) == (v4, v6)


def test_shares_add_up():
    sizes = 0, 1, 2, 3, 7, 49, 50, 51, 122, 199, 200, 201, 1000, 36000
    for want in (0, 1, 2, 3, 4, 5, 7, 8, 49, 50, 66, 199, 200):
        for have_v4 in sizes:
            for have_v6 in sizes:
                v4, v6 = share_between_families(want, have_v4, have_v6)
                assert 0 <= v4 <= have_v4 and 0 <= v6 <= have_v6
                assert v4 + v6 == min(want, have_v4 + have_v6), (want, have_v4, have_v6)


# Announces


def counts(pools, swarm):
    seeders, leechers, v4, v6 = pools.census(swarm)
    assert seeders + leechers == v4 + v6
    return seeders, pools.downloaded(swarm), leechers


def test_families_are_told_by_the_length_of_the_peer():
    pools = pools_of(256)
    served = Tracker(pools)
    served.announce(info_hash(1), peer_v4(1), False, False, False)
    swarm = served.announce(info_hash(1), peer_v6(1), True, False, False)
    assert swarm == pools.find(info_hash(1))
    assert tuple(pools.census(swarm)) == (1, 1, 1, 1)


def test_stops_of_what_is_unknown():
    served = Tracker(pools_of(256))
    for peer in (peer_v4(1), peer_v6(1), peer_v4(1, port=0)):
        assert served.announce(info_hash(1), peer, True, True, True) == 0
    swarm = served.announce(info_hash(1), peer_v4(1), False, False, False)
    for peer in (peer_v4(2), peer_v4(1, port=6882), peer_v6(1), peer_v4(1, port=0)):
        assert served.announce(info_hash(1), peer, False, False, True) == swarm
        assert counts(served.pools, swarm) == (0, 0, 1)
    assert served.announce(info_hash(1), peer_v4(1), False, False, True) == swarm
    assert counts(served.pools, swarm) == (0, 0, 0)


def test_port_0_is_answered_and_not_stored():
    served = Tracker(pools_of(256))
    for peer in (peer_v4(1, port=0), peer_v6(1, port=0)):
        assert served.announce(info_hash(1), peer, True, True, False) == 0
    assert served.pools.find(info_hash(1)) == 0
    swarm = served.announce(info_hash(1), peer_v4(1, port=256), False, False, False)
    for peer in (peer_v4(1, port=0), peer_v6(1, port=0)):
        assert served.announce(info_hash(1), peer, True, True, False) == swarm
        assert counts(served.pools, swarm) == (0, 0, 1)


def test_no_room_is_an_exception():
    class NoRoom:
        def announce(self, *_arguments):
            return 0

        def stop(self, *_arguments):
            return 0

    served = Tracker(NoRoom())
    assert served.announce(info_hash(1), peer_v4(1), False, False, True) == 0
    try:
        served.announce(info_hash(1), peer_v4(1), False, False, False)
    except TrackerFull:
        return
    raise AssertionError("stored where there is no room")
