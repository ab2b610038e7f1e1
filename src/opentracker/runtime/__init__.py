"""What differs between the interpreters. No other module asks which one it runs on.

Both modules give the same names:

    NAME                        "CPython 3.11.2"
    missing()                   lines on what this interpreter can't do here
    reserve(size)               zeroed memory (bytes-like, with find) outside the garbage-collected
                                heap, and the same as 32-bit words
    tune()                      settles the garbage collector after start-up
    seconds()                   whole seconds since the start, never going back
    Listener(ip, port)          TCP: accept() -> Connection or None; fileno(); close()
    Connection                  ip; read(view) -> bytes read, 0 at the end, -1 if none are there;
                                write(view) -> bytes written or -1; fileno(); close()
    DatagramSocket(ip, port)    UDP: receive() -> size or -1; packet, ip and reply; send(size)
                                answers from the address that was asked; fileno(); close()
    Signals()                   fileno(); read() -> names of what came: "TERM", "INT", "HUP"
    settle(user, directory)     leaves root; OSError or ValueError says why it can't
    print_exception(error)      to standard error

Sockets do not block and serve one address family; addresses are packed. OSError is raised for what
the network does; each socket is closed once.
"""

import sys

if sys.implementation.name == "micropython":
    from opentracker.runtime.micropython import *  # noqa: F403
else:
    from opentracker.runtime.cpython import *  # noqa: F403
