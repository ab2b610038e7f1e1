"""Configuration files as they come from disk: encodings, sizes, places."""

import os

import pytest

from opentracker import config


def messages(*argv):
    with pytest.raises(config.ConfigError) as caught:
        config.load(argv)
    return caught.value.messages


@pytest.fixture
def conf(tmp_path):
    return tmp_path / "opentracker.conf"


def test_a_file_is_read(conf):
    conf.write_text("tracker.memory 300\ntracker.user x\n")
    settings = config.load(["-f", str(conf)])
    assert (settings.memory_kib, settings.user, settings.files) == (300, "x", [str(conf)])


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbftracker.memory 300\n",
        b"tracker.memory 300\r\ntracker.user x\r\n",
        b"tracker.user x\ntracker.memory 300",
        b"# Gr\xfc\xdfe in Latin-1\ntracker.memory 300",
        b"tracker.memory 300\n" + b"#" * 4096 + b"\n",
    ],
    ids=["byte order mark", "CRLF", "no last newline", "comment not in UTF-8", "longest line"],
)
def test_files_as_editors_write_them(conf, content):
    conf.write_bytes(content)
    assert config.load(["-f", str(conf)]).memory_kib == 300


def test_values_are_utf_8(conf):
    conf.write_bytes("tracker.rootdir /srv/Grüße".encode())
    assert config.load(["-f", str(conf)]).rootdir == "/srv/Grüße"
    conf.write_bytes("tracker.rootdir /srv/Grüße".encode("latin-1"))
    assert messages("-f", str(conf)) == [f"{conf}:1: not UTF-8 text"]


def test_the_end_of_an_endless_file_is_not_awaited():
    assert messages("-f", "/dev/zero") == ["cannot read /dev/zero: longer than 65536 bytes"]


def test_files_that_can_not_be_read(tmp_path):
    assert messages("-f", "/nope.conf") == ["cannot read /nope.conf: No such file or directory"]
    assert messages("-f", str(tmp_path)) == [f"cannot read {tmp_path}: Is a directory"]


def test_reload_finds_the_file_from_elsewhere(conf, monkeypatch):
    conf.write_text("tracker.connections 9\n")
    monkeypatch.chdir(conf.parent)
    settings = config.load(["-f", conf.name])
    os.chdir("/")
    conf.write_text("tracker.connections 10\n")
    new = config.reload(settings)
    assert config.take_over(settings, new) == (["tracker.connections"], [])
    assert settings.connections == 10
    conf.write_text("wrong\n")
    with pytest.raises(config.ConfigError):
        config.reload(settings)
