"""The vectors of the pools once more, with the hot paths in machine code where there are any."""

import sys

import makers
import vec_pools
import vec_walk

try:
    from opentracker.runtime import native
except ImportError:  # an interpreter without sockets has no runtime
    native = None

LONG = vec_pools.LONG + vec_walk.LONG


def with_machine_code(test):
    def run():
        makers.kernel[0] = native
        try:
            test()
        finally:
            makers.kernel[0] = None

    return run


def test_machine_code_is_there_if_the_interpreter_can_emit_it():
    try:
        import socket  # noqa: F401
    except ImportError:
        return
    processor = getattr(sys.implementation, "_mpy", 0) >> 10 & 15
    assert (native is not None) == (processor != 0)


if native:
    for _module in vec_pools, vec_walk:
        for _name in dir(_module):
            if _name.startswith("test_"):
                globals()[_name] = with_machine_code(getattr(_module, _name))
