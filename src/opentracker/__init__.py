"""A BitTorrent tracker for home routers: HTTP and UDP, on MicroPython and CPython."""
