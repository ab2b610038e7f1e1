"""Make .torrent files with libtorrent, which Debian packages for its own /usr/bin/python3 alone.

usage: libtorrent_files.py CONTENT FOLDER

Prints a line of JSON for each: path, name, the info_hashes as a tracker sees them, magnet link.
"""

import json
import os
import sys

import libtorrent

KINDS = {
    "v1": libtorrent.create_torrent.v1_only,
    "v2": libtorrent.create_torrent.v2_only,
    "hybrid": 0,
}


def make(content, path, kind):
    files = libtorrent.file_storage()
    libtorrent.add_files(files, content)
    torrent = libtorrent.create_torrent(files, 16384, KINDS[kind])
    torrent.add_tracker("http://tracker.example:6969/announce")
    libtorrent.set_piece_hashes(torrent, os.path.dirname(content))
    with open(path, "wb") as file:
        file.write(libtorrent.bencode(torrent.generate()))
    made = libtorrent.torrent_info(path)
    hashes = made.info_hashes()
    seen = [str(hashes.v1)] if hashes.has_v1() else []
    seen += [str(hashes.v2)[:40]] if hashes.has_v2() else []
    magnet = libtorrent.make_magnet_uri(made)
    return {"path": path, "name": made.name(), "hashes": seen, "magnet": magnet}


if __name__ == "__main__":
    for each in KINDS:
        print(json.dumps(make(sys.argv[1], os.path.join(sys.argv[2], each + ".torrent"), each)))
