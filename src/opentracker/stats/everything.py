"""mode=everything: the quick counters as XML, element by element as the C tracker has them."""

from opentracker.errors import (
    COMPACT,
    DENIED,
    INTERNAL,
    MODEST,
    MOVED,
    NOT_FOUND,
    PARAMETER,
    PARSE,
)

# "400 Not Modest" has never been replied; its place in the list is what readers rely on.
_NEVER = -1
_HTTP_ERRORS = (
    (b"302 Redirect", MOVED),
    (b"400 Parse Error", PARSE),
    (b"400 Invalid Parameter", PARAMETER),
    (b"400 Invalid Parameter (compact=0)", COMPACT),
    (b"400 Not Modest", _NEVER),
    (b"402 Payment Required", MODEST),
    (b"403 Access Denied", DENIED),
    (b"404 Not found", NOT_FOUND),
    (b"500 Internal Server Error", INTERNAL),
)

_HEAD = b"""<?xml version="1.0" encoding="UTF-8"?>
<stats>
  <tracker_id>%d</tracker_id>
  <version>
%s
  </version>
  <uptime>%d</uptime>
  <torrents>
    <count_mutex>%d</count_mutex>
    <count_iterator>%d</count_iterator>
  </torrents>
  <peers>
    <count>%d</count>
  </peers>
  <seeds>
    <count>%d</count>
  </seeds>
  <completed>
    <count>%d</count>
  </completed>
"""

_CONNECTIONS = b"""  <connections>
    <tcp>
      <accept>%d</accept>
      <announce>%d</announce>
      <scrape>%d</scrape>
    </tcp>
    <udp>
      <overall>%d</overall>
      <connect>%d</connect>
      <announce>%d</announce>
      <scrape>%d</scrape>
      <missmatch>%d</missmatch>
    </udp>
    <livesync>
      <count>%d</count>
    </livesync>
  </connections>
  <debug>
    <renew>
"""

_BETWEEN = b"""    </renew>
    <http_error>
"""

_TAIL = b"""    </http_error>
    <mutex_stall>
      <count>0</count>
    </mutex_stall>
  </debug>
</stats>"""


def everything(stats):
    """Returns the page of mode=everything, a whole XML document."""
    pools, counters = stats.pools, stats.counters
    torrents = pools.swarms.count
    head = _HEAD % (
        stats.tracker_id,
        escaped(stats.version_text),
        stats.seconds(),
        torrents,
        torrents,
        pools.peers(),
        pools.seeders(),
        pools.completed(),
    )
    connections = _CONNECTIONS % (
        counters.tcp_accepts,
        counters.tcp_announces,
        counters.tcp_scrapes,
        counters.udp_packets,
        counters.udp_connects,
        counters.udp_announces,
        counters.udp_scrapes,
        counters.udp_mismatches,
        counters.sync_records,
    )
    renewals = [
        b'      <count interval="%02d">%d</count>\n' % (minutes, count)
        for minutes, count in enumerate(pools.renewals())
    ]
    errors = [
        b'      <count code="%s">%d</count>\n'
        % (code, 0 if reason == _NEVER else counters.errors[reason])
        for code, reason in _HTTP_ERRORS
    ]
    return b"".join([head, connections] + renewals + [_BETWEEN] + errors + [_TAIL])


def escaped(text):
    """Returns a text as the UTF-8 bytes of XML character data; what XML can't hold becomes "?"."""
    kept = [char if " " <= char < "\x7f" or char in "\t\n" else _escape(char) for char in text]
    text = "".join(kept).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.encode()


def _escape(char):
    code = ord(char)
    legal = 0xA0 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0xFFFF < code < 0x110000
    return char if legal else "?"
