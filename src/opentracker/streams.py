"""Bodies that are sent while they are made: content codings and chunks (RFC 9110, RFC 9112).

A stream is a generator of bytes; b"" means that the next piece takes another step. Whoever does not
take one to its end closes it, which closes what it is made of.
"""

MOST_COMPRESSED = 8

_MOST_CODINGS = 32
_PIECE_BYTES = 4096
_CHUNK_BYTES = 16384
_FULL_WEIGHT = 1000

_under_way = 0


def encoding_for(raw, size):
    """Returns the content coding for the reply to the request raw[:size], b"" for none.

    It is b"zstd" or b"gzip" if the client accepts it and the runtime has it. While MOST_COMPRESSED
    streams are compressed, for which each needs memory, others are not.
    """
    if _under_way >= MOST_COMPRESSED:
        return b""
    accepted = accepted_codings(raw, size)
    if not accepted:
        return b""
    from opentracker.runtime import encodings  # Loads its libraries when somebody wants them.

    return choose(accepted, encodings())


def accepted_codings(raw, size):
    """Returns the codings that the request accepts, {lower-case name: weight from 0 to 1000}."""
    accepted = {}
    headers = raw[:size].lower().split(b"\n")[1:]
    for line in headers:
        name, _, value = line.partition(b":")
        if name.strip() == b"accept-encoding":
            for element in value.split(b",")[:_MOST_CODINGS]:
                coding, _, parameters = element.partition(b";")
                if coding.strip() and len(accepted) < _MOST_CODINGS:
                    accepted[coding.strip()] = _weight(parameters)
    return accepted


def choose(accepted, offered):
    """Returns that of the codings `offered`, the best first, which is accepted most, b"" for none.

    `accepted` is what `accepted_codings` gives.
    """
    best, most = b"", accepted.get(b"identity", 0)
    others = accepted.get(b"*", 0)
    for coding in reversed(offered):
        weight = accepted.get(coding, others)
        if weight and weight >= most:
            best, most = coding, weight
    return best


def _weight(parameters):
    """Returns the weight that `q=` gives, 1000 without one, and 0 for one that is malformed."""
    name, _, value = parameters.strip().partition(b"=")
    if not name:
        return _FULL_WEIGHT
    whole, _, part = value.strip().partition(b".")
    digits = (part + b"000")[:3]
    if name.strip() != b"q" or len(part) > 3 or whole not in (b"0", b"1") or not digits.isdigit():
        return 0
    return min(int(whole + digits), _FULL_WEIGHT)


def compressed(stream, encoding):
    """Returns the stream in a content coding that `encoding_for` has given.

    OSError or MemoryError while it is taken means that it can't go on.
    """
    from opentracker.runtime import compressor

    return _compressed(stream, encoding, compressor)


def _compressed(stream, encoding, compressor):
    global _under_way
    _under_way += 1
    coder = None
    try:
        coder = compressor(encoding)
        for piece in stream:
            for start in range(0, len(piece), _PIECE_BYTES):
                yield from _parts(coder.compress(piece[start : start + _PIECE_BYTES]))
            if not piece:
                yield b""
        yield from _parts(coder.flush())
    finally:
        _under_way -= 1
        if coder:
            coder.close()
        stream.close()


def _parts(data):
    """Returns `data` in pieces that fit a chunk, one at least."""
    return [data[at : at + _CHUNK_BYTES] for at in range(0, len(data), _CHUNK_BYTES)] or [b""]


def chunked(stream):
    """Returns the stream in the chunks of `Transfer-Encoding: chunked` (RFC 9112 section 7.1)."""
    try:
        for piece in stream:
            yield b"%x\r\n%s\r\n" % (len(piece), piece) if piece else b""
        yield b"0\r\n\r\n"
    finally:
        stream.close()
