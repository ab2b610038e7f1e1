"""CPython: content codings from the standard library, as far as this build has them."""

# Levels are the C tracker's.
_GZIP_LEVEL, _GZIP_WINDOW, _GZIP_MEMORY = 7, 31, 8
_ZSTD_LEVEL = 6
# A window of 128 KiB instead of 2 MiB and tables to match take 0.6 MiB a stream instead of four;
# what is compressed here, info_hashes and small numbers, gains little by more.
_ZSTD_WINDOW_BITS, _ZSTD_TABLE_BITS = 17, 14

try:
    import zlib
except ImportError:
    zlib = None
try:
    from compression import zstd  # Python 3.14
except ImportError:
    zstd = None


def encodings():
    return ((b"zstd",) if zstd else ()) + ((b"gzip",) if zlib else ())


class Compressor:
    def __init__(self, encoding):
        self._coder = _zstd() if encoding == b"zstd" else _gzip()
        self.compress = self._coder.compress
        self.flush = self._coder.flush

    def close(self):
        del self._coder, self.compress, self.flush


def _gzip():
    return zlib.compressobj(_GZIP_LEVEL, zlib.DEFLATED, _GZIP_WINDOW, _GZIP_MEMORY)


def _zstd():
    parameter = zstd.CompressionParameter
    return zstd.ZstdCompressor(
        options={
            parameter.compression_level: _ZSTD_LEVEL,
            parameter.window_log: _ZSTD_WINDOW_BITS,
            parameter.hash_log: _ZSTD_TABLE_BITS,
            parameter.chain_log: _ZSTD_TABLE_BITS,
        }
    )
