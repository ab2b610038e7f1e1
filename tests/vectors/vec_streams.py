"""Which content coding a client gets, and bodies in codings and chunks, whole or given up."""

from opentracker import streams
from opentracker.streams import accepted_codings, choose, chunked, compressed, encoding_for

try:
    from opentracker import runtime
except ImportError:  # an interpreter without sockets has no runtime
    runtime = None

OFFERED = (b"zstd", b"gzip")


def request(*lines):
    return b"\r\n".join((b"GET /scrape HTTP/1.1", b"Host: gzip") + lines) + b"\r\n\r\n"


def chosen(value, offered=OFFERED):
    """The coding for a request with this Accept-Encoding."""
    raw = request(b"Accept-Encoding: " + value)
    return choose(accepted_codings(raw, len(raw)), offered)


def test_codings_are_chosen_as_clients_accept_them():
    for value, coding in (
        (b"gzip", b"gzip"),
        (b"GZip", b"gzip"),
        (b"gzip, deflate, br", b"gzip"),
        (b"deflate,gzip", b"gzip"),
        (b"\t gzip \t", b"gzip"),
        (b"gzip;q=1", b"gzip"),
        (b"gzip ; q=0.001", b"gzip"),
        (b"gzip;Q=0.5", b"gzip"),
        (b"zstd", b"zstd"),
        (b"gzip, zstd", b"zstd"),
        (b"zstd;q=0.5, gzip;q=0.5", b"zstd"),
        (b"zstd;q=0.5, gzip;q=0.6", b"gzip"),
        (b"zstd;q=0, gzip", b"gzip"),
        (b"*", b"zstd"),
        (b"*;q=0.1", b"zstd"),
        (b"zstd;q=0, *", b"gzip"),
        (b"gzip, *;q=0", b"gzip"),
        (b"identity, gzip", b"gzip"),
        (b"identity;q=0.5, gzip;q=0.7", b"gzip"),
        (b",,gzip,", b"gzip"),
    ):
        assert chosen(value) == coding, value


REFUSING = (
    b"|,|;|deflate|br, compress|identity|gzipped|x gzip|gzip x"
    b"|gzip;q=0|gzip;q=0.0|gzip;q=0.000|gzip;q=0.|*;q=0|GZIP; Q=0|gzip;q=0, *"
    b"|gzip;q=|gzip;q=x|gzip;q=2|gzip;q=-1|gzip;q=0.0001|gzip;q=.5|gzip;q=1e3|gzip;q=0.+1|gzip;q=00"
    b"|gzip;level=7|gzip;q=1;q=0|identity, gzip;q=0.9"
)


def test_codings_are_left_out_where_clients_do_not_accept_them():
    for value in REFUSING.split(b"|"):
        assert chosen(value, (b"gzip",)) == b"", value
        if b"*" not in value:
            assert chosen(value) == b"", value


def test_only_what_is_offered_is_chosen():
    assert chosen(b"gzip, zstd", ()) == b""
    assert chosen(b"*", (b"gzip",)) == b"gzip"
    assert chosen(b"zstd", (b"gzip",)) == b""


def test_the_header_is_found_wherever_it_is_and_nothing_else():
    for lines, accepted in (
        ((b"ACCEPT-ENCODING:gzip",), {b"gzip": 1000}),
        ((b"X: y", b"accept-encoding : gzip", b"Z:"), {b"gzip": 1000}),
        ((b"Accept-Encoding: gzip;q=0.25", b"Accept-Encoding: br"), {b"gzip": 250, b"br": 1000}),
        ((b"Accept: gzip",), {}),
        ((b"X-Accept-Encoding: gzip",), {}),
        ((b"Accept-Encoding gzip",), {}),
        ((), {}),
    ):
        raw = request(*lines)
        assert accepted_codings(raw, len(raw)) == accepted, lines
    line = b"GET /scrape?Accept-Encoding: gzip HTTP/1.1\r\n\r\n"
    assert accepted_codings(line, len(line)) == {}


def test_only_the_request_itself_is_looked_at():
    raw = request(b"Accept-Encoding: gzip")
    assert accepted_codings(raw + b"Accept-Encoding: zstd\r\n", len(raw)) == {b"gzip": 1000}


def test_hostile_headers_cost_little_and_raise_nothing():
    many = b",".join([b"c%d" % number for number in range(1000)])
    raw = request(
        b"Accept-Encoding: " + many, b"Accept-Encoding: " + many, b"Accept-Encoding: gzip"
    )
    assert len(accepted_codings(raw, len(raw))) <= 32
    for value in (
        bytes(range(256)).replace(b"\n", b""),
        b";" * 5000,
        b"," * 5000,
        b"\xff=\0;q=\xff",
    ):
        raw = request(b"Accept-Encoding: " + value)
        assert choose(accepted_codings(raw, len(raw)), OFFERED) == b""
    for raw in (b"", b"\n", b"\n\n", b"GET / HTTP/1.1\n\n", b"Accept-Encoding: gzip\n\n"):
        assert accepted_codings(raw, len(raw)) == {}


class Source:
    """A stream of given pieces that knows whether it was closed."""

    def __init__(self, *pieces):
        self.pieces = list(pieces)
        self.closed = False

    def __iter__(self):
        return self

    def __next__(self):
        if not self.pieces:
            raise StopIteration
        return self.pieces.pop(0)

    def close(self):
        self.closed = True


def test_chunks():
    source = Source(b"", b"x", b"", b"\r\n" * 13, b"z" * 16384, b"")
    pieces = list(chunked(source))
    assert pieces == [
        b"",
        b"1\r\nx\r\n",
        b"",
        b"1a\r\n" + b"\r\n" * 13 + b"\r\n",
        b"4000\r\n" + b"z" * 16384 + b"\r\n",
        b"",
        b"0\r\n\r\n",
    ]
    assert source.closed
    assert list(chunked(Source())) == [b"0\r\n\r\n"]


def test_who_gives_up_a_stream_closes_its_source():
    for steps in (1, 2, 3):
        source = Source(b"a", b"", b"b", b"c")
        stream = chunked(source)
        for _ in range(steps):
            next(stream)
        stream.close()
        assert source.closed


# Codings, where there is a runtime that has them


def noise(size):
    """Bytes that hardly compress, the same ones each time."""
    out = bytearray(size)
    state = 12345
    for index in range(size):
        state = state * 48271 % 0x7FFFFFFF
        out[index] = state >> 11 & 255
    return bytes(out)


BODIES = (
    [],
    [b""],
    [b"x"],
    [b"", b"d5:filesd", b"", b"ee", b""],
    [b"20:%020dd8:completei%deee" % (number, number % 7) for number in range(2000)],
    [b"\0" * 16384] * 12,
    [noise(16384)] * 4,
)


def decoded(data, encoding):
    """What a coding stands for, by somebody else's code; None where there is nobody else."""
    try:
        import zlib
    except ImportError:
        return None
    if encoding == b"gzip":
        whole = zlib.decompressobj(31)
        body = whole.decompress(data)
        assert whole.eof and not whole.unused_data
        return body
    from compression import zstd

    return zstd.decompress(data)


def inflated(data):
    """What a gzip stream stands for, by the decompressor of MicroPython; None where it has none."""
    try:
        import io

        import deflate
    except ImportError:
        return None
    return deflate.DeflateIO(io.BytesIO(data), deflate.GZIP).read()


def offered():
    return runtime.encodings() if runtime else ()


def test_every_coding_gives_back_what_went_in():
    for encoding in offered():
        for pieces in BODIES:
            source = Source(*pieces)
            out = list(compressed(source, encoding))
            assert source.closed
            assert max([len(piece) for piece in out]) <= 16384
            data = b"".join(out)
            body = decoded(data, encoding)
            if body is None:
                body = inflated(data)
            assert body is None or body == b"".join(pieces), (encoding, len(pieces))
            assert len(data) < sum([len(piece) for piece in pieces]) * 11 // 10 + 100


def test_steps_without_output_stay_steps():
    for encoding in offered():
        out = list(compressed(Source(*([b""] * 20)), encoding))
        assert len(out) > 20 and out[:19] == [b""] * 19


def test_a_coding_that_is_given_up_counts_no_more():
    before = streams._under_way
    for encoding in offered():
        for steps in range(8):
            source = Source(*([noise(9000)] * 9))
            stream = chunked(compressed(source, encoding))
            for _ in range(steps):
                next(stream)
            assert streams._under_way == before + (steps > 0)
            stream.close()
            assert streams._under_way == before
            assert source.closed or not steps


def test_a_source_that_fails_frees_the_coder():
    class Failing(Source):
        def __next__(self):
            raise MemoryError

    before = streams._under_way
    for encoding in offered():
        source = Failing()
        try:
            list(compressed(source, encoding))
        except MemoryError:
            pass
        assert source.closed and streams._under_way == before


def test_so_many_are_compressed_at_once():
    if not offered():
        return
    raw = request(b"Accept-Encoding: *")
    assert encoding_for(raw, len(raw)) == offered()[0]
    running = [compressed(Source(b"x", b"y"), b"gzip") for _ in range(streams.MOST_COMPRESSED)]
    for stream in running:
        next(stream)
    assert encoding_for(raw, len(raw)) == b""
    running.pop().close()
    assert encoding_for(raw, len(raw)) == offered()[0]
    for stream in running:
        assert list(stream)
    assert not streams._under_way
