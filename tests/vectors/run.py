"""Run the test functions of the named modules on any interpreter: no pytest, no sockets, no files.

usage: INTERPRETER tests/vectors/run.py [--brief] MODULE...

With --brief what a module names in `LONG` is left out: emulated processors, which are there for
their order of bytes and size of words, take seconds for each of those. The modules lie beside this
file, and what they test is on the interpreter's module path. Failures are told on standard output,
each with its traceback; the exit status is 1 if there were any.
"""

import gc
import sys


def print_exception(error):
    if hasattr(sys, "print_exception"):  # MicroPython
        sys.print_exception(error, sys.stdout)
    else:
        import traceback  # only CPython has it

        traceback.print_exception(type(error), error, error.__traceback__, file=sys.stdout)


def passes(name, function):
    """Run one test function; say so if it fails."""
    gc.collect()
    try:
        function()
    except Exception as error:
        print("FAILED %s" % name)
        print_exception(error)
        return False
    return True


def run_module(module_name, is_brief):
    """Run the tests of a module; returns (passed, failed)."""
    try:
        module = __import__(module_name)
    except Exception as error:
        print("FAILED %s: can't be imported" % module_name)
        print_exception(error)
        return 0, 1
    left_out = getattr(module, "LONG", ()) if is_brief else ()
    names = [name for name in dir(module) if name.startswith("test_") and name not in left_out]
    names.sort()
    results = [passes(module_name + "." + name, getattr(module, name)) for name in names]
    if not results:
        print("FAILED %s: has no test functions" % module_name)
        return 0, 1
    return results.count(True), results.count(False)


def main(module_names):
    is_brief = module_names[:1] == ["--brief"]
    if is_brief:
        module_names = module_names[1:]
    if not module_names:
        print("usage: run.py [--brief] MODULE...")
        return 1
    failures = 0
    for module_name in module_names:
        passed, failed = run_module(module_name, is_brief)
        print("%s: %d passed, %d failed" % (module_name, passed, failed))
        failures += failed
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
