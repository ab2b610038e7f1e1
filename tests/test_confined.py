"""Confined to a directory (chroot), where neither modules nor libraries are left to load."""

import gzip
import os

import pytest

from support.tracker import free_port, reload
from support.wire import UdpClient, announce, get, scrape, unchunked

pytestmark = pytest.mark.requires_root

HASH, OTHER = b"a" * 20, b"b" * 20
MODES = (
    *(
        "peer",
        "torr",
        "conn",
        "tcp4",
        "udp4",
        "scrp",
        "fscr",
        "completed",
        "syncs",
        "herr",
        "renew",
    ),
    *("numwants", "version", "everything", "top10", "top100", "s24s", "woodpeckers"),
    *("json", "prometheus", "tpbs", "statedump"),
)


@pytest.fixture
def confined(start, public_path):
    """confined(line, ...) starts a tracker with these lines of configuration in `public_path`."""

    def start_confined(*lines):
        port = free_port()
        config = public_path / "config"
        config.write_text("\n".join([f"listen.tcp_udp 127.0.0.1:{port}", *lines]) + "\n")
        os.chmod(public_path, 0o777)
        return start("-f", config, "-d", public_path, "-A", "127.0.0.1", port=port)

    return start_confined


def test_every_page_is_there(confined):
    tracker = confined("tracker.woodpeckers yes", "tracker.debug yes")
    announce(tracker, HASH, 1)
    with UdpClient(tracker) as client:
        assert client.announce(OTHER, 2, left=1).leechers == 1
    for mode in MODES:
        status, _, body = get(tracker, f"/stats?mode={mode}")
        assert status == 200 and body, mode
    status, headers, body = get(tracker, "/scrape", headers=["Accept-Encoding: gzip"])
    assert (status, headers["content-encoding"]) == (200, "gzip")
    body = unchunked(body)
    assert gzip.decompress(body).startswith(b"d5:filesd20:" + HASH)
    assert get(tracker, "/stats?mode=nonsense")[0] == 400


def test_lists_are_read_again_though_the_configuration_is_out_of_reach(confined, public_path):
    whitelist = public_path / "whitelist"
    whitelist.write_text(HASH.hex() + "\n")
    tracker = confined("access.whitelist whitelist", "access.fifo_add more")
    announce(tracker, HASH, 1)
    whitelist.write_text(OTHER.hex() + "\n")
    reload(tracker, "access.whitelist: 1 info_hash")
    assert b"failure reason" in announce(tracker, HASH, 1)
    assert announce(tracker, OTHER, 1)[b"complete"] == 1
    assert HASH not in scrape(tracker, HASH)


def test_peers_are_saved_and_come_back(confined):
    first = confined("tracker.state_file state")
    announce(first, HASH, 1, event="completed")
    assert first.stop() == 0
    second = confined("tracker.state_file state")
    assert scrape(second, HASH)[HASH] == {b"complete": 1, b"downloaded": 1, b"incomplete": 0}
