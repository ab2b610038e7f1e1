"""The value of an option, from its text. Which forms are right is the option's `kind` and `limits`.

The texts of the errors say what was given and what is allowed, without the option's name.
"""

from opentracker.addresses import is_decimal, parse_endpoint, parse_ip, parse_port
from opentracker.options import (
    ADDRESS,
    DEFAULT_PORT,
    ENDPOINT,
    FILE,
    NUMBER,
    PATH,
    PORT,
    URL,
    WORD,
)

BLANKS = " \t\v\f\r\n"  # ASCII only: what str.split takes for white space differs by interpreter

# Values that can't hold a "#" may have a comment behind them, as the C tracker allows.
_COMMENTED = (ADDRESS, ENDPOINT, NUMBER, PORT)
_LONGEST_COMMENTED = 100  # characters, with room for any zone of an IPv6 address
_LONGEST_NUMBER = 10  # digits


def parse_value(option, text):
    """The value that `text` means for an option. Raises ValueError with a text for people.

    ADDRESS gives packed bytes, ENDPOINT (packed bytes, port), NUMBER and PORT an int, URL bytes,
    PATH, FILE and WORD a str.
    """
    longest = option.limits[1]
    if option.kind in _COMMENTED:
        text, longest = _without_comment(text), _LONGEST_COMMENTED
    if len(text) > longest:
        raise ValueError("longer than %d characters" % longest)
    if not text:
        raise ValueError("needs a value: " + option.value)
    return _PARSERS[option.kind](option, text)


def is_control(char):
    """Whether a character has no place in a line of text."""
    code = ord(char)
    return code < 32 or 127 <= code < 160 or code in (0x2028, 0x2029) or 0xD800 <= code < 0xE000


def _without_comment(text):
    for index, char in enumerate(text):
        if char in BLANKS and text[index:].strip(BLANKS).startswith("#"):
            return text[:index]
    return text


def _address(option, text):
    return parse_ip(text)


def _endpoint(option, text):
    if is_decimal(text, 5):
        raise ValueError("%s needs an address in front, such as 0.0.0.0:%s" % (text, text))
    return parse_endpoint(text, DEFAULT_PORT)


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


def _word(option, text):
    if any(is_control(char) or char in BLANKS for char in text):
        raise ValueError("%s is not a single word" % text)
    return text


_PARSERS = {
    ADDRESS: _address,
    ENDPOINT: _endpoint,
    PORT: _port,
    NUMBER: _number,
    PATH: _path,
    FILE: _path,
    URL: _url,
    WORD: _word,
}
