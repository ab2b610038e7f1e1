"""UCI as rpcd has it: files, and for each session what it has saved and not yet applied."""

import copy
import shlex


class Uci:
    """Configurations in a folder; `changed` is called with the name of each that was committed."""

    def __init__(self, folder, changed):
        self._folder = folder
        self._changed = changed
        self._deltas = {}  # session: {config: [change]}
        self._snapshot = None  # what a rollback restores: (session, texts, deltas)

    def exists(self, config):
        return (self._folder / config).is_file()

    def values(self, config, session=None):
        """Sections by their names, each with its options, and .type, .name, .anonymous, .index."""
        sections = parse((self._folder / config).read_text())
        for change in self.changes(session).get(config, ()):
            _apply(sections, change)
        for index, section in enumerate(sections.values()):
            section[".index"] = index
        return sections

    def changes(self, session):
        return {name: found for name, found in self._deltas.get(session, {}).items() if found}

    def _change(self, session, config, *changes):
        self._deltas.setdefault(session, {}).setdefault(config, []).extend(map(list, changes))

    def set(self, session, config, section, values):
        for option, value in values.items():
            known = self.values(config, session)[section].get(option)
            if isinstance(value, list):
                if option in self.values(config, session)[section]:
                    self._change(session, config, ("remove", section, option))
                added = [("list-add", section, option, str(each)) for each in value]
                self._change(session, config, *added)
            elif known != str(value):
                self._change(session, config, ("set", section, option, str(value)))

    def add(self, session, config, kind, name, values):
        name = name or "cfg%06x" % (len(self.values(config, session)) + 1)
        self._change(session, config, ("add", name, kind))
        self.set(session, config, name, values)
        return name

    def delete(self, session, config, section, options):
        if options is None:
            self._change(session, config, ("remove", section))
        for option in options or ():
            self._change(session, config, ("remove", section, option))

    def revert(self, session, config):
        self._deltas.get(session, {}).pop(config, None)

    def commit(self, session, config):
        text = render(self.values(config, session))
        self.revert(session, config)
        self._write(config, text)

    def _write(self, config, text):
        (self._folder / config).write_text(text)
        self._changed(config)

    def apply(self, session, rollback):
        """Commits what the session has changed; with `rollback` until confirm() or roll_back()."""
        configs = list(self.changes(session))
        if rollback:
            texts = {name: (self._folder / name).read_text() for name in configs}
            self._snapshot = session, texts, copy.deepcopy(self.changes(session))
        for config in configs:
            self.commit(session, config)

    @property
    def waits_for_confirmation(self):
        return self._snapshot is not None

    def confirm(self):
        self._snapshot = None

    def roll_back(self):
        session, texts, deltas = self._snapshot
        self._snapshot = None
        self._deltas[session] = deltas
        for config, text in texts.items():
            self._write(config, text)


def parse(text):
    sections = {}
    for line in text.splitlines():
        words = shlex.split(line, comments=True)
        if words[:1] == ["config"]:
            named = len(words) > 2
            name = words[2] if named else "cfg%06x" % (len(sections) + 1)
            sections[name] = {".type": words[1], ".name": name, ".anonymous": not named}
            options = sections[name]
        elif words[:1] == ["option"]:
            options[words[1]] = words[2]
        elif words[:1] == ["list"]:
            options.setdefault(words[1], []).append(words[2])
    return sections


def render(sections):
    lines = []
    for section in sections.values():
        name = "" if section[".anonymous"] else " " + _quoted(section[".name"])
        lines.append("\nconfig %s%s" % (section[".type"], name))
        for option, value in section.items():
            if isinstance(value, list):
                lines += ["\tlist %s %s" % (option, _quoted(each)) for each in value]
            elif not option.startswith("."):
                lines.append("\toption %s %s" % (option, _quoted(value)))
    return "\n".join(lines) + "\n"


def _quoted(text):
    return "'%s'" % text.replace("'", "'\\''")


def _apply(sections, change):
    kind, section, *rest = change
    if kind == "add":
        anonymous = section.startswith("cfg")
        sections[section] = {".type": rest[0], ".name": section, ".anonymous": anonymous}
    elif kind == "set":
        sections[section][rest[0]] = rest[1]
    elif kind == "list-add":
        sections[section].setdefault(rest[0], []).append(rest[1])
    elif rest:
        sections[section].pop(rest[0], None)
    else:
        sections.pop(section, None)
