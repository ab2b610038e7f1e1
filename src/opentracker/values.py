"""The value of an option, from its text. Which forms are right is the option's `kind` and `limits`.

The texts of the errors say what was given and what is allowed, without the option's name.
"""

from opentracker.addresses import is_decimal, parse_endpoint, parse_ip, parse_port
from opentracker.networks import parse_network
from opentracker.options.kinds import (
    ADDRESS,
    CHOICE,
    DEFAULT_PORT,
    ENDPOINT,
    ENDPOINT_V4,
    FILE,
    FLAG,
    LISTEN,
    NETWORK,
    NUMBER,
    PATH,
    PORT,
    SYNC_PORT_V4,
    URL,
    URL_PATH,
    WORD,
)

BLANKS = " \t\v\f\r\n"  # ASCII only: what str.split takes for white space differs by interpreter

# Values that can't hold a "#" may have a comment behind them, as the C tracker allows.
_COMMENTED = (
    ADDRESS,
    CHOICE,
    ENDPOINT,
    ENDPOINT_V4,
    FLAG,
    LISTEN,
    NETWORK,
    NUMBER,
    PORT,
    SYNC_PORT_V4,
)
_LONGEST_COMMENTED = 100  # characters, with room for any zone of an IPv6 address
_LONGEST_NUMBER = 10  # digits
_YES = ("yes", "on", "true", "1")
_NO = ("no", "off", "false", "0")
_OTHER_PATHS = ("announce", "scrape")


def parse_value(option, text):
    """The value that `text` means for an option. Raises ValueError with a text for people.

    ADDRESS gives packed bytes, LISTEN and the ENDPOINTs (packed bytes, port), NETWORK (packed
    bytes, bits), NUMBER and the PORTs an int, FLAG a bool, URL and URL_PATH bytes, others a str.
    """
    shortest, longest = option.limits
    if option.kind in _COMMENTED:
        text, longest = without_comment(text), _LONGEST_COMMENTED
    if len(text) > longest:
        raise ValueError("longer than %d characters" % longest)
    if not text:
        raise ValueError("needs a value: " + option.value)
    if option.kind == WORD and len(text) < shortest:
        raise ValueError("shorter than %d characters" % shortest)
    return _PARSERS[option.kind](option, text)


def is_control(char):
    """Whether a character has no place in a line of text."""
    code = ord(char)
    return code < 32 or 127 <= code < 160 or code in (0x2028, 0x2029) or 0xD800 <= code < 0xE000


def without_comment(text):
    """A text up to the white space and "#" that begin a comment."""
    for index, char in enumerate(text):
        if char in BLANKS and text[index:].strip(BLANKS).startswith("#"):
            return text[:index]
    return text


def _address(option, text):
    return parse_ip(text)


def _choice(option, text):
    if text not in option.detail:
        raise ValueError("%s is none of %s" % (text, ", ".join(option.detail)))
    return text


def _listen(option, text):
    return _with_port(text, DEFAULT_PORT)


def _endpoint(option, text):
    return _with_port(text, option.detail)


def _endpoint_v4(option, text):
    ip, port = _with_port(text, option.detail)
    if len(ip) != 4:
        raise ValueError("%s is not an IPv4 address" % text)
    return ip, port


def _with_port(text, default):
    if is_decimal(text, 5):
        raise ValueError("%s needs an address in front, such as 0.0.0.0:%s" % (text, text))
    return parse_endpoint(text, default)


def _flag(option, text):
    if text not in _YES and text not in _NO:
        raise ValueError("%s is neither yes nor no" % text)
    return text in _YES


def _network(option, text):
    return parse_network(text)


def _port(option, text):
    return parse_port(text)


def _number(option, text):
    low, high = option.limits
    if not is_decimal(text, _LONGEST_NUMBER) or not low <= int(text) <= high:
        raise ValueError("%s is not a number of %s (%d-%d)" % (text, option.unit, low, high))
    return int(text)


def _path(option, text):
    if any(is_control(char) for char in text):
        raise ValueError("%s has a control character in it" % text)
    return text


def _url(option, text):
    if not all(" " < char <= "~" for char in text):
        raise ValueError("%s is not a URL: visible ASCII characters only" % text)
    return text.encode()


def _url_path(option, text):
    path = text.lstrip("/")
    if not path or not all(" " < char <= "~" and char not in "%?#" for char in path):
        raise ValueError("%s is not a path of visible ASCII characters without %%, ? and #" % text)
    if path in _OTHER_PATHS:
        raise ValueError("/%s has another meaning, take another path" % path)
    return path.encode()


def _word(option, text):
    if any(is_control(char) or char in BLANKS for char in text):
        raise ValueError("%s is not a single word" % text)
    return text


_PARSERS = {
    ADDRESS: _address,
    CHOICE: _choice,
    ENDPOINT: _endpoint,
    ENDPOINT_V4: _endpoint_v4,
    FILE: _path,
    FLAG: _flag,
    LISTEN: _listen,
    NETWORK: _network,
    NUMBER: _number,
    PATH: _path,
    PORT: _port,
    SYNC_PORT_V4: _port,
    URL: _url,
    URL_PATH: _url_path,
    WORD: _word,
}
