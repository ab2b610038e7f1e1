"""scripts/translations: what the LuCI app says, in its template and in every language."""

import re
import shutil
import subprocess

import pytest

from support.runtimes import SCRIPTS, TOP, need_tool

SCRIPT = """'use strict';
// _('a comment') and /* _('another') */
const pattern = /_\\('no'\\)["'`]/;
const share = 4 / 2; const text = "_('no')"; const half = share / 2;
E('p', {}, [ _('%d peers of %s'), _("Don't"), _('one ' +
	'and  two'), name_('no'), _('%d peers of %s'), `_${half}` ]);
"""
MENU = '{"admin/x": {"title": "Pages", "order": 1, "depends": {"acl": ["title"]}}}'
ACL = '{"luci-app-x": {"description": "Grant \\"x\\"", "read": {}}}'
HEADER = 'msgid ""\nmsgstr ""\n"Language: de\\n"\n'
GERMAN = """
#: elsewhere.js
msgid "%d peers of %s"
msgstr "%d Teilnehmer von %s"

msgid "Gone"
msgstr "Weg"
"""
# Both files after a run: message, translation in German, sources.
EXPECTED = [
    ("%d peers of %s", "%d Teilnehmer von %s", "htdocs/a/x.js"),
    ("Don't", "", "htdocs/a/x.js"),
    ('Grant \\"x\\"', "", "root/usr/share/rpcd/acl.d/x.json"),
    ("Pages", "", "root/usr/share/luci/menu.d/x.json"),
    ("one and two", "", "htdocs/a/x.js"),
]


class App:
    """A checkout with an app of one script, one menu and one grant."""

    def __init__(self, top):
        self.top = top
        (top / "scripts" / "build.d").mkdir(parents=True)
        for name in ("translations", "build.d/lmo.py"):
            shutil.copy(SCRIPTS / name, top / "scripts" / name)
        self.script = self._write("htdocs/a/x.js", SCRIPT)
        self._write("root/usr/share/luci/menu.d/x.json", MENU)
        self._write("root/usr/share/rpcd/acl.d/x.json", ACL)
        self.german = self._write("po/de/opentracker.po", HEADER + GERMAN)
        self.template = top / "luci-app/po/templates/opentracker.pot"

    def _write(self, name, text):
        path = self.top / "luci-app" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, *arguments):
        command = [self.top / "scripts" / "translations", *arguments]
        return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture
def app(tmp_path):
    return App(tmp_path)


def entries(expected):
    for message, translation, source in expected:
        yield f'\n#: luci-app/{source}\nmsgid "{message}"\nmsgstr "{translation}"\n'


def test_this_checkout_is_translated():
    done = subprocess.run([SCRIPTS / "translations", "--check"], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


def test_gettext_finds_the_same_messages(tmp_path):
    """What LuCI's own tools use; they take titles and descriptions for messages as well."""
    found = tmp_path / "found.pot"
    sources = [path.relative_to(TOP) for path in (TOP / "luci-app/htdocs").rglob("*.js")]
    how = ["--from-code=UTF-8", "--no-wrap", "--language=JavaScript", "--keyword=", "--keyword=_:1"]
    subprocess.run([need_tool("xgettext"), *how, "-o", found, *sources], cwd=TOP, check=True)
    template = (TOP / "luci-app/po/templates/opentracker.pot").read_text()
    scripts = re.findall(r'\n\n(?:#: .*\n)*#: .*\.js\n(?:#: .*\n)*msgid "(.+)"\n', template)
    messages = re.findall(r'\n\n(?:#.*\n)+msgid "(.+)"\n', found.read_text())
    assert len(messages) > 50
    assert sorted(scripts) == sorted(messages)


def test_files_are_brought_up_to_the_sources(app):
    done = app.run()
    assert done.returncode == 0, done.stderr
    assert app.german.read_text() == HEADER + "".join(entries(EXPECTED))
    untranslated = [(message, "", source) for message, _, source in EXPECTED]
    header, *rest = app.template.read_text().split("\n\n")
    assert header == 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8"'
    assert "\n\n".join(["", *rest])[1:] == "".join(entries(untranslated))
    told = 'luci-app/po/de/opentracker.po: no translation of "Don\'t"\n'
    assert told in done.stdout and "peers" not in done.stdout


def test_a_check_tells_and_changes_nothing(app):
    before = app.german.read_text()
    done = app.run("--check")
    assert done.returncode == 1
    assert "po/templates/opentracker.pot is not up to date: run scripts/translations" in done.stderr
    assert "po/de/opentracker.po is not up to date: run scripts/translations" in done.stderr
    assert (app.german.read_text(), app.template.exists()) == (before, False)


def test_a_check_passes_when_all_is_said(app):
    app.run()
    text = app.german.read_text()
    app.german.write_text(re.sub('(msgid ".+"\nmsgstr) ""', r'\1 "x"', text))
    done = app.run("--check")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("translation", ["%s von %d", "%d", "%d von %s und %s", "viele"])
def test_a_translation_takes_the_same_values(app, translation):
    app.german.write_text(app.german.read_text().replace("%d Teilnehmer von %s", translation))
    done = app.run("--check")
    assert done.returncode == 1
    assert 'opentracker.po: other values than in "%d peers of %s"\n' in done.stderr


@pytest.mark.parametrize(
    "code", ["_(name)", "_()", "_('')", "_('a' + b)", "_('a', 'b')", "`${_('a')}`"]
)
def test_what_can_not_be_translated_is_told(app, code):
    app.script.write_text(f"'use strict';\nreturn {code};\n")
    done = app.run()
    assert done.returncode == 1
    assert done.stderr.startswith("translations: luci-app/htdocs/a/x.js: _() ")
    assert not app.template.exists()


def test_a_file_of_translations_that_is_damaged_stays(app):
    app.german.write_text(HEADER + GERMAN + "rubbish\n")
    done = app.run()
    assert done.returncode == 1
    told = "translations: luci-app/po/de/opentracker.po: line 11: rubbish is not understood\n"
    assert done.stderr == told
    assert app.german.read_text() == HEADER + GERMAN + "rubbish\n"


def test_usage(app):
    done = app.run("--help")
    assert done.returncode == 1 and "usage: scripts/translations" in done.stderr
