"""What runs on MicroPython, as a manifest in micropython-lib's format.

The OpenWrt package and package.json for mip are made of it. What a manifest may say:
https://docs.micropython.org/en/latest/reference/manifest.html
"""

from pathlib import Path

_ONLY_ON_CPYTHON = ("runtime/cpython.py", "runtime/codings.py")
_FILES = [path.relative_to("opentracker").as_posix() for path in Path("opentracker").rglob("*.py")]

metadata(
    version="2026.11.1",
    description="BitTorrent tracker for home routers, HTTP and UDP, IPv4 and IPv6",
    license="MIT",
    author="the opentracker for OpenWrt authors",
)

# Level 3 leaves line numbers out, a fifteenth of the size; tracebacks still name file and function.
package(
    "opentracker",
    files=[file for file in sorted(_FILES) if file not in _ONLY_ON_CPYTHON],
    opt=3,
)
module("selectors.py", base_path="micropython", opt=3)
