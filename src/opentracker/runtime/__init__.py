"""What differs between the interpreters. No other module asks which one it runs on.

Both modules give the same names:

    NAME                        "CPython 3.11.2"
    native                      the pools' hot paths in machine code, or None
    Announces(pools, counters, reserve)
                                answers common requests in machine code, if `native` is there, or
                                None
    exchanges_of(announces, counters)
                                has an Announces answer as soon as a request comes, or None
    missing()                   lines on what this interpreter can't do here
    reserve(size)               zeroed memory (bytes-like, with find) outside the garbage-collected
                                heap, and the same as 32-bit words
    release(memory, words)      gives that back; nobody may hold it any more
    tune()                      settles the garbage collector after start-up
    seconds()                   whole seconds since the start, never going back
    milliseconds()              for spans of up to a minute: the difference modulo 65536
    Listener(ip, port)          TCP: accept() -> (connection, packed ip) or None; setsockopt();
                                fileno(); close()
    connection_of(socket)       what the four below take, of a connected socket of the interpreter
    number(connection)          its descriptor, to wait for
    read(connection, view)      bytes read, 0 at the end, -1 if none are there
    write(connection, data)     bytes written, -1 if none can be
    close(connection)           once
    DatagramSocket(ip, port)    UDP: serve(answer, announces) answers the packets that are there,
                                some dozens at most, each from the address that was asked, by
                                an Announces, if not None, or else by answer(packet, size, packed
                                ip, reply) -> size; returns how many there were; fileno(); close()
    shared_datagrams(ip, port)  an IPv4 UDP socket at an address that others may have as well:
                                recvfrom(size), sendto(bytes, address), setsockopt(), fileno(),
                                close()
    socket_address(ip, port)    an address for sendto and connect
    ip_of(address)              the packed ip of one that recvfrom gave
    open_fifo(path)             a named pipe, made if it is missing: read() -> bytes, b"" if there
                                are none; fileno(); OSError or ValueError says why not
    create(path)                a new file to write bytes to, which only its owner may read
    sync(file)                  waits until its bytes have come to the disk
    unix_datagrams(path)        a socket that sends to a Unix socket: send(bytes); close()
    encodings()                 the content codings that it can compress with, the best first
    compressor(encoding)        one of these: compress(bytes) -> bytes; flush() -> the rest; close()
                                once, and nothing after it
    load_all()                  imports and opens now what the others would when they are called
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
