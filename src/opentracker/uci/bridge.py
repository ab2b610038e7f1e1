"""From a section of UCI to settings, the text of a configuration file, and what procd is told.

Everything is checked by the table of options and by the parser of configuration files, so that
there is one truth about what is right. Messages begin with opentracker.SECTION.OPTION.
"""

from opentracker import config
from opentracker.addresses import format_endpoint, parse_endpoint, parse_ip
from opentracker.config import ConfigError, one_line
from opentracker.networks import Networks, parse_network
from opentracker.options import OPTIONS
from opentracker.options.kinds import LISTEN
from opentracker.uci.reading import read_section
from opentracker.uci.table import (
    ALL_INTERFACES,
    BY_UCI,
    DEFAULT_INTERFACE,
    INTERNET,
    LIST_DIRECTORY,
    MEMORY_KIB,
    MEMORY_SHARE,
    RUN_DIRECTORY,
    STATE_FILE,
    STATUS_FILE,
)

CONF = "opentracker.conf"
LISTS = ("whitelist", "blacklist")

_LOOPBACK = {"both": "127.0.0.1", "ipv4": "127.0.0.1", "ipv6": "::1"}
_LOOPBACK_NETWORKS = Networks([parse_network("127.0.0.0/8"), parse_network("::1")])
_LINK_LOCAL = Networks([parse_network("fe80::/10")])
_READ = ("whitelist_file", "blacklist_file", "load_file")
_WRITTEN = ("state_file", "fifo_add", "fifo_delete")


class NothingYet(Exception):
    """No address to listen on is there yet: `messages` say of which interfaces."""

    def __init__(self, messages):
        super().__init__("\n".join(messages))
        self.messages = messages


class Rendering:
    """What a section comes to.

    settings    the Settings of the configuration file
    values      its lines: (option, text, place)
    lists       (name, info_hashes as text, path or "") of each list that has to be made, of what is
                in UCI and in a file, in the run directory
    list_files  (place, path) of each list file that UCI names
    facts       {name: text}, what the init script has to know
    """

    def __init__(self, settings, values, lists, list_files, facts):
        self.settings = settings
        self.values = values
        self.lists = lists
        self.list_files = list_files
        self.facts = facts

    def lines(self):
        """Yields the lines of the configuration file, with their ends."""
        yield "# Made of /etc/config/opentracker by its init script.\n"
        for option, text, _ in self.values:
            yield "%s %s\n" % (option.keyword, text)


def render(sections, interfaces, ram_kib=None, run=RUN_DIRECTORY):
    """The Rendering of a text's Sections.

    `interfaces` has the addresses (text) of each interface by its name, none where it is not up;
    `ram_kib` is the router's RAM, of which a share is taken unless UCI says otherwise; `run` is
    where the init script puts what is made. Raises ConfigError with all that is wrong, or
    NothingYet.
    """
    return _Bridge(read_section(sections), interfaces, run).render(ram_kib)


def budget(ram_kib):
    """The KiB for peers on a router with that much RAM."""
    low, high = MEMORY_KIB
    return min(max(ram_kib // MEMORY_SHARE, low), high)


class _Bridge:
    """One section on its way; `values` collect what the configuration file will say."""

    def __init__(self, read, interfaces, run):
        self._read = read
        self._own = read.own
        self._texts = read.texts
        self._interfaces = interfaces
        self._run = run
        self._errors = read.errors
        self._waiting = []
        self._values = []
        self._lists = []
        self._list_files = []
        self._own_endpoint = ""

    def render(self, ram_kib):
        if "memory" not in self._texts and ram_kib:
            self._add("memory", str(budget(ram_kib)))
        self._listen()
        for name in LISTS:
            self._list(name)
        if "state_file" not in self._texts:
            self._add("state_file", self._run + "/" + STATE_FILE)
        for option in OPTIONS:
            for text in self._texts.get(option.uci, []):
                self._add(option.uci, text)
            if option.keyword == "tracker.status_file" and not self._own["bridge"]:
                self._values.append((option, self._run + "/" + STATUS_FILE, self._read.place))
        settings = self._settings()
        self._reach_from_here(settings)
        settings = self._settings()
        settings.warnings = [self._translated(text) for text in settings.warnings]
        settings.warnings += self._waiting
        facts = self._facts(settings)
        return Rendering(settings, self._values, self._lists, self._list_files, facts)

    def _settings(self):
        """The Settings of the values. Raises what render does."""
        settings = None
        try:
            settings = config.parse_values(self._values, self._own["bridge"])
        except ConfigError as error:
            for message in error.messages:
                message = self._translated(message)
                if message not in self._errors:  # of one option, by TCP and by UDP
                    self._errors.append(message)
        if self._errors:
            raise ConfigError(self._errors[: config.MAX_ERRORS])
        if self._waiting and not any(each[0].kind == LISTEN for each in self._values):
            raise NothingYet(self._waiting)
        return settings

    def _place(self, name):
        return self._read.place + "." + name

    def _add(self, name, text):
        self._values.append((BY_UCI[name], text, self._place(name)))

    def _wrong(self, name, text):
        self._errors.append(one_line("%s: %s" % (self._place(name), text)))

    # Where to listen

    def _listen(self):
        """Listens on the addresses of interfaces, and gives other listeners the port."""
        port = self._own["port"]
        listens = [option.uci for option in OPTIONS if option.uci and option.kind == LISTEN]
        listed = [name for name in listens if name in self._texts]
        for name in listed:
            self._texts[name] = [_with_port(text, port) for text in self._texts[name]]
        names = self._own["interface"] or ([] if listed else [DEFAULT_INTERFACE])
        if ALL_INTERFACES in names:
            self._add_listener("::", port)
            return
        addresses = []
        for name in names:
            addresses += self._addresses_of(name)
        if self._own["wan"]:
            for name in INTERNET:
                addresses += self._interfaces.get(name, [])
        self._listen_on(addresses, port)

    def _addresses_of(self, name):
        found = self._interfaces.get(name)
        if found is None:
            self._wrong(
                "interface", "no address of %s is known (--interface %s=...)" % (name, name)
            )
        elif not found:
            text = "%s: %s has no address yet" % (self._place("interface"), name)
            self._waiting.append(one_line(text))
        return found or []

    def _listen_on(self, addresses, port):
        """Listens on each address of the family that is wanted, once."""
        family = self._texts.get("family", ["both"])[0]
        seen = []
        for address in addresses:
            try:
                ip = parse_ip(address)
            except ValueError as error:
                self._wrong("interface", str(error))
                continue
            served = family == "both" or (family == "ipv4") == (len(ip) == 4)
            if ip not in seen and served and not _LINK_LOCAL.holds(ip):
                seen.append(ip)
                self._add_listener(address, port)

    def _add_listener(self, address, port):
        text = format_endpoint(parse_ip(address), port)
        self._values.append((BY_UCI["listen"], text, self._place("interface")))

    def _reach_from_here(self, settings):
        """Has the router itself be able to read statistics, for `status` and for pages."""
        address = _LOOPBACK[settings.family]
        ip = parse_ip(address)
        ports = [each.port for each in settings.listeners if _is_reached_by(each, ip)]
        port = ports[0] if ports else self._own["port"]
        self._own_endpoint = format_endpoint(ip, port)
        if not ports:
            self._add("listen_tcp", self._own_endpoint)
        listed = settings.stats_networks + settings.admin_networks
        if listed and not Networks(listed).holds(ip):
            name = "stats" if len(settings.stats_networks) < BY_UCI["stats"].most else "admin"
            self._add(name, address)

    # Lists

    def _list(self, name):
        """Has what UCI lists and what a file lists be one list."""
        option = name + "_file"
        path = self._texts.get(option, [""])[0]
        if path:
            self._list_files.append((self._place(option), path))
        if self._own[name]:
            self._texts.pop(option, None)
            self._lists.append((name, self._own[name], path))
            self._add(option, self._run + "/" + name)

    # What the init script has to know

    def _facts(self, settings):
        heap, port = self._own["heap"], self._own["port"]
        writable = self._folders(_WRITTEN, [self._run])
        readable = self._folders(_READ, writable + [self._run, LIST_DIRECTORY])
        return {
            "arguments": "--bridge" if self._own["bridge"] else "",
            "heap": "%dK" % heap if heap else "1wM",
            "jail": "01"[self._own["jail"]],
            "readable": " ".join(readable),
            "writable": " ".join(writable),
            "files": " ".join([path for path in (settings.whitelist, settings.blacklist) if path]),
            "firewall": "tcp:%d udp:%d" % (port, port) if self._own["wan"] else "",
            "mdns": _mdns_port(settings) if self._own["mdns"] else "",
            "stats": self._stats_url(settings),
        }

    def _folders(self, names, known):
        """The folders of the files that these options name, but for the known ones."""
        folders = []
        for option, text, _ in self._values:
            folder = text.rpartition("/")[0]
            if option.uci in names and folder not in folders and folder not in known:
                folders.append(folder)
        return folders

    def _stats_url(self, settings):
        if self._own["bridge"]:
            return ""
        path = settings.stats_path.decode()
        return "http://%s/%s?mode=json" % (self._own_endpoint, path)

    def _translated(self, message):
        """A message of the parser of configuration files, with UCI's names for keywords."""
        if message.startswith("--bridge:"):
            message = self._place("bridge") + message[8:]
        names = {option.keyword: option.uci for option in OPTIONS if option.uci and option.keyword}
        names["--bridge"] = "bridge"
        words = []
        for word in message.split(" "):
            bare = word.rstrip(",:;")
            words.append(names[bare] + word[len(bare) :] if bare in names else word)
        return one_line(" ".join(words))


def _with_port(text, port):
    """A listener's text with the port in it; unchanged if it is none."""
    try:
        return format_endpoint(*parse_endpoint(text, port))
    except ValueError:
        return text


def _is_reached_by(listener, ip):
    """Whether a listener takes TCP connections to an address of this host."""
    every = len(listener.ip) == len(ip) and not any(listener.ip)
    return listener.transport == "tcp" and (listener.ip == ip or every)


def _mdns_port(settings):
    """The first port that others can ask by HTTP."""
    for each in settings.listeners:
        if each.transport == "tcp" and not _LOOPBACK_NETWORKS.holds(each.ip):
            return str(each.port)
    return ""


def restart_for(running, running_facts, rendering):
    """The UCI options whose change needs a restart.

    `running` are the Settings of the running tracker and `running_facts` the facts of its start.
    """
    keywords = config.changes(running, rendering.settings)[1]
    names = [option.uci or option.keyword for option in OPTIONS if option.keyword in keywords]
    told = (("heap", "heap"), ("jail", "jail"), ("arguments", "bridge"))
    names += [name for fact, name in told if running_facts.get(fact) != rendering.facts[fact]]
    if rendering.facts["jail"] == "1" and not names:
        for fact in ("readable", "writable"):
            if running_facts.get(fact) != rendering.facts[fact]:
                names.append("folders of files")
                break
    return names
