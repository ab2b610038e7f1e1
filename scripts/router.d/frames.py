"""The bytes that go over a console: checked commands, blocks of a file, replies.

OpenWrt's busybox has neither stty nor base64, so the console stays as it is: it echoes and edits
lines. What would edit the line is quoted by Ctrl-V, as a person would type it, and a
block is one line of up to 4,095 bytes. That costs a fifteenth of the bytes; octal escapes, for
consoles that don't know Ctrl-V or have seven bits, take nearly three times as many.
"""

import hashlib
import os
import re
import shlex

HERE = os.path.dirname(os.path.realpath(__file__))
QUOTE = 0x16
# Ctrl-C, D, H, J, M, O, Q, R, S, U, V, W, Z, \ and DEL.
EDITED = b"\x03\x04\x08\n\r\x0f\x11\x12\x13\x15\x16\x17\x1a\x1c\x7f"
LARGEST = 3840
SMALLEST = 192
LARGEST_TEXT = 960
# A console's prompt takes 512 bytes a line, and every damaged line has to be typed again.
TYPED = 64

# Damaged bytes may mean Ctrl-C, which it does not hear, or Ctrl-D, after which it goes on. It ends
# when no line has come for 80 seconds.
LOADER = (
    '(trap "" INT QUIT TSTP;t=$(date +%s);while :;do if IFS= read -rt 20 l;then t=$(date +%s);'
    'c=${l#* };if [ "$(printf %s "$c"|sha256sum)" = "${l%% *}  -" ];then eval "$c";'
    'else echo "@@ ?=?@";fi;elif [ $(($(date +%s)-t)) -gt 80 ];then exit;fi;done)'
)


def checksum(data):
    return hashlib.sha256(data).hexdigest()


def frame(command):
    """A command for the agent, which does nothing if a byte of it is damaged."""
    data = command.encode()
    return checksum(data).encode() + b" " + data + b"\n"


def loader_lines(nonce):
    """What is typed at a prompt: lines that say their checksum, and the line that starts it all."""
    text = LOADER.replace("@@", "@" + nonce)
    pieces = [text[at : at + TYPED] for at in range(0, len(text), TYPED)]
    names = ["o%d" % number for number in range(len(pieces))]
    lines = [
        ("%s='%s';printf %%s \"$%s\"|sha256sum" % (name, piece, name), checksum(piece.encode()))
        for name, piece in zip(names, pieces)
    ]
    return lines, 'eval "%s";unset %s' % ("".join("$" + name for name in names), " ".join(names))


def agent_command(nonce):
    """agent.sh as one command."""
    with open(os.path.join(HERE, "agent.sh"), encoding="utf-8") as file:
        lines = [line.strip() for line in file]
    text = "\n".join(line for line in lines if line and not line.startswith("#"))
    text = text.replace("\\", "\\\\").replace("\n", "\\n")
    return 'nonce=%s;eval "$(printf %%b %s)"' % (nonce, shlex.quote(text))


def reply_pattern(nonce, body):
    """Matches a reply that is whole; `body` is a regular expression, its groups begin at 2."""
    return re.compile(rb"@%s (%s)=\1@" % (nonce.encode(), body))


def quoted(data):
    """A block as a line that a console in its usual mode takes for these bytes."""
    line = bytearray()
    for byte in data:
        if byte in EDITED:
            line.append(QUOTE)
        line.append(byte)
    return bytes(line) + b"\n"


def escaped(data):
    """A block as a line for printf, in printable characters."""
    plain = bytes(byte for byte in range(33, 127) if byte not in b"%\\")
    return b"".join(bytes((b,)) if b in plain else b"\\%03o" % b for b in data) + b"\n"
