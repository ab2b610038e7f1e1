"""A BitTorrent client made of libtorrent, which Debian packages for its own /usr/bin/python3 alone.

usage: libtorrent_client.py TORRENT FOLDER ADDRESS:PORT[,ADDRESS:PORT]
"""

import signal
import sys

import libtorrent

SETTINGS = {
    "enable_dht": False,
    "enable_lsd": False,
    "enable_natpmp": False,
    "enable_upnp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "alert_mask": libtorrent.alert.category_t.tracker_notification
    | libtorrent.alert.category_t.connect_notification
    | libtorrent.alert.category_t.error_notification
    | libtorrent.alert.category_t.status_notification,
}


class Ended(Exception):
    """Somebody sent SIGTERM."""


def end(*_signal):
    raise Ended


def run(torrent, folder, addresses):
    session = libtorrent.session({**SETTINGS, "listen_interfaces": addresses})
    session.add_torrent({"ti": libtorrent.torrent_info(torrent), "save_path": folder})
    try:
        follow(session)
    except Ended:
        session.pause()  # tells the tracker; to end at once would cut a UDP announce short
        follow(session, until=libtorrent.tracker_reply_alert)


def follow(session, until=()):
    """Print what happens, up to an alert of the type `until`."""
    while True:
        session.wait_for_alert(500)
        for alert in session.pop_alerts():
            print(alert.what(), alert.message(), flush=True)
            if isinstance(alert, until):
                return


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, end)
    run(*sys.argv[1:])
