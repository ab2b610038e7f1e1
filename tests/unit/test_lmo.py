"""Translations as LuCI reads them. The hashes are those that LuCI's own compiler makes."""

import importlib.util

import pytest

from support.runtimes import SCRIPTS

_spec = importlib.util.spec_from_file_location("lmo", SCRIPTS / "build.d" / "lmo.py")
lmo = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(lmo)


@pytest.mark.parametrize(
    "text, value",
    [
        ("Peers", 0xF58EEAFB),
        ("Größe of ü", 0xBF0F188C),
        ("a b c", 0x9C602BF5),
        ("abcdefghé", 0x0D281863),
        ("abé", 0x8F08A63C),
        ("aé", 0xE3D9C55B),
        ("é", 0xC4FBA554),
    ],
)
def test_messages_are_known_by_their_hashes(text, value):
    assert lmo.super_fast_hash(text.encode()) == value


def test_what_a_file_of_translations_says():
    text = """# a comment
msgid ""
msgstr "Language: de\\n"

#: a.js:1 b.js
#, c-format
msgid "%d peers"
msgstr ""
"%d "
"\\"Teilnehmer\\""
msgid "none"
msgstr ""
"""
    assert lmo.parse(text) == {"%d peers": '%d "Teilnehmer"'}


@pytest.mark.parametrize("line", ['msgctxt "menu"', 'msgid_plural "peers"', 'msgstr[0] "x"', "x"])
def test_what_is_not_understood_is_told(tmp_path, line):
    source = tmp_path / "de.po"
    source.write_text(f'msgid "a"\n{line}\n')
    told = lmo.main(str(source), str(tmp_path / "de.lmo"))
    assert told == f"{source}: line 2: {line.split()[0]} is not understood"
    assert not (tmp_path / "de.lmo").exists()
