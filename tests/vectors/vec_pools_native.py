"""The vectors of the pools once more, with the hot paths in machine code where there are any."""

import makers
import vec_pools
import vec_walk

try:
    from opentracker.runtime import native
except ImportError:  # an interpreter without sockets has no runtime
    native = None


def with_machine_code(test):
    def run():
        makers.kernel[0] = native
        try:
            test()
        finally:
            makers.kernel[0] = None

    return run


def test_machine_code_is_whole_or_not_there():
    names = "Keys", "renew", "sample", "sample_pages", "census"
    assert native is None or all(hasattr(native, name) for name in names)


if native:
    for _module in vec_pools, vec_walk:
        for _name in dir(_module):
            if _name.startswith("test_"):
                globals()[_name] = with_machine_code(getattr(_module, _name))
