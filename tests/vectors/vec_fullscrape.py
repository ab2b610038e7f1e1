"""Listings of all swarms: their forms, their order, what changes meanwhile, and modest ones."""

from binascii import hexlify

from makers import Numbers, Replaced, info_hash, ipv4, ipv6, peer_v4, peer_v6, pools_of

from opentracker import fullscrape
from opentracker.fullscrape import MODEST_SECONDS, MOST_REMEMBERED, Modesty, listing
from opentracker.pools import V4, V6
from opentracker.pools.order import InOrder

FORMS = (b"ben", b"bin", b"txt", b"txtp", b"url", b"statedump")
MOST_CHUNK = 16384


def text(pools, form, **how):
    chunks = list(listing(pools, form, **how))
    assert max([len(chunk) for chunk in chunks]) <= MOST_CHUNK
    return b"".join(chunks)


def hashes_of(pools, **how):
    """The info_hashes of a listing, as it has them."""
    body = text(pools, b"bin", **how)
    return [body[at : at + 20] for at in range(0, len(body), 28)]


def filled(count):
    """Pools with the swarms 0 to count - 1, one leecher in each."""
    pools = pools_of(512)
    for number in range(count):
        assert pools.announce(info_hash(number), V4, peer_v4(number), False, False)
    return pools


# The swarms of the samples: 4 seeders and a leecher with 4 downloads, and one that is empty.
LETTERS = b"0123456789abcdefghij"
ODD = b"\xff" * 10 + b" \x00+&=A~.-_"


def sample():
    pools = pools_of(256)
    for number in range(4):
        pools.announce(
            LETTERS, V6 if number else V4, (peer_v6 if number else peer_v4)(number), True, True
        )
    pools.announce(LETTERS, V4, peer_v4(9), False, False)
    pools.announce(ODD, V4, peer_v4(1), False, False)
    pools.announce(ODD, V4, peer_v4(1), True, True)
    pools.stop(ODD, V4, peer_v4(1))
    pools.announce(ODD, V4, peer_v4(2), False, False)
    return pools


def test_the_forms_to_the_byte():
    pools = sample()
    assert text(pools, b"ben") == (
        b"d5:filesd20:0123456789abcdefghijd8:completei4e10:downloadedi4e10:incompletei1ee"
        b"20:" + ODD + b"d8:completei0e10:downloadedi1e10:incompletei1eeee"
    )
    assert text(pools, b"bin") == LETTERS + b"\0\0\0\4\0\0\0\1" + ODD + b"\0\0\0\0\0\0\0\1"
    letters = b"303132333435363738396162636465666768696A"
    odd = b"FFFFFFFFFFFFFFFFFFFF20002B263D417E2E2D5F"
    assert text(pools, b"txt") == letters + b":4:1\n" + odd + b":0:1\n"
    assert text(pools, b"txtp") == letters + b":4:1:4\n" + odd + b":0:1:1\n"
    assert text(pools, b"url") == (
        b"0123456789abcdefghij:4:1\n%ff%ff%ff%ff%ff%ff%ff%ff%ff%ff%20%00%2b%26=A~.-_:0:1\n"
    )
    assert text(pools, b"statedump", now_minutes=29920281) == (
        letters + b":29920281:4\n" + odd + b":29920281:1\n"
    )


def test_no_swarms():
    for form in FORMS:
        assert text(pools_of(256), form) == (b"d5:filesdee" if form == b"ben" else b"")


def test_an_unknown_form_is_refused_at_once():
    for form in (b"", b"BEN", b"ben ", b"xml", b"txtpp"):
        try:
            listing(pools_of(256), form)
        except KeyError:
            continue
        raise AssertionError(form)


def test_url_escapes_all_but_its_own_set():
    pools = pools_of(256)
    for start in range(0, 256, 16):
        pools.announce(
            bytes(range(start, start + 16)) + b"\0" * 4, V4, peer_v4(start), False, False
        )
    unescaped = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789$-./=_~"
    expected = b""
    for start in range(0, 256, 16):
        for byte in range(start, start + 16):
            expected += bytes([byte]) if byte in unescaped else b"%%%02x" % byte
        expected += b"%00%00%00%00:0:1\n"
    assert text(pools, b"url") == expected


def test_an_empty_swarm_is_listed_and_dumped_as_of_its_last_minute():
    pools = pools_of(256)
    pools.advance(10)
    pools.announce(LETTERS, V4, peer_v4(1), True, True)
    pools.advance(13)
    pools.sweep(pools.swarms.entries())
    line = hexlify(LETTERS).upper()
    assert text(pools, b"statedump", now_minutes=1000) == line + b":1000:1\n"
    pools.stop(LETTERS, V4, peer_v4(1))
    assert text(pools, b"statedump", now_minutes=1000) == line + b":997:1\n"
    pools.advance(20)
    assert text(pools, b"statedump", now_minutes=1007) == line + b":997:1\n"
    assert text(pools, b"txtp") == line + b":0:0:1\n"


def test_all_swarms_come_once_in_order():
    for count in (1, 63, 64, 65, 130, 1500):
        found = hashes_of(filled(count))
        assert found == sorted([info_hash(number) for number in range(count)]), count


def test_order_holds_where_info_hashes_share_beginnings():
    pools = pools_of(512)
    numbers = Numbers(7)
    expected = {bytes(20), b"\xff" * 20, bytes(19) + b"\1", b"\xff" * 19 + b"\xfe"}
    while len(expected) < 1200:
        size = numbers.below(20)
        expected.add(b"\x7f" * size + numbers.bytes(20 - size))
    for number, of in enumerate(sorted(expected)):
        assert pools.announce(of, V4, peer_v4(number), False, False)
    assert hashes_of(pools) == sorted(expected)


def test_rounds_of_any_size_find_the_same():
    pools = filled(1500)
    expected = sorted([info_hash(number) for number in range(1500)])
    for most in (64, 100, 400, 1500):
        assert in_rounds(pools, most) == expected, most


def in_rounds(pools, most, forgetful=0):
    """What an InOrder gives, which forgets what it holds after every so many steps."""
    order = InOrder(pools, most)
    found = []
    steps = 0
    while True:
        part = order.step()
        if part is None:
            return found
        assert part == sorted(part) and len(part) <= 64
        found += [of for of in part if of not in found[-1:]]
        steps += 1
        if forgetful and not steps % forgetful:
            order.forget()


def test_what_is_forgotten_is_found_again():
    pools = filled(700)
    expected = sorted([info_hash(number) for number in range(700)])
    for steps in (17, 23, 50, 200):
        assert in_rounds(pools, 100, steps) == expected, steps
    order = InOrder(pools, 100)
    while order.step() is not None:
        pass
    order.forget()
    found = []
    while found == []:
        found = order.step()
    assert found == expected[-1:]


def test_denied_torrents_are_left_out():
    pools = filled(300)
    denied = {info_hash(number) for number in range(0, 300, 3)}
    kept = [info_hash(number) for number in range(300) if number % 3]
    assert hashes_of(pools, hides=lambda of: of in denied) == sorted(kept)
    assert text(pools, b"ben", hides=lambda of: True) == b"d5:filesdee"


def stepwise(pools, between):
    """The info_hashes of a listing, with `between` called before each of its steps."""
    parts = []
    for chunk in listing(pools, b"bin"):
        parts.append(chunk)
        between()
    body = b"".join(parts)
    return [body[at : at + 20] for at in range(0, len(body), 28)]


def test_what_stays_is_listed_while_others_come():
    pools = filled(300)
    coming = list(range(300, 1500))

    def between():
        for _ in range(200):
            if coming:
                number = coming.pop()
                pools.announce(info_hash(number), V4, peer_v4(number), False, False)

    found = stepwise(pools, between)
    assert not coming
    assert found == sorted(set(found))
    missing = {info_hash(number) for number in range(300)} - set(found)
    assert not missing


def test_what_stays_is_listed_while_others_go():
    pools = filled(1500)
    going = list(range(300, 1500))
    pools.advance(1)

    def between():
        for _ in range(120):
            if going:
                number = going.pop()
                pools.stop(info_hash(number), V4, peer_v4(number))
        pools.sweep(64)

    found = stepwise(pools, between)
    assert not going
    assert found == sorted(set(found))
    missing = {info_hash(number) for number in range(300)} - set(found)
    assert not missing
    assert len(found) < 1500


def test_of_listings_at_once_only_some_hold_anything():
    pools = filled(600)
    expected = sorted([info_hash(number) for number in range(600)])
    listings = [listing(pools, b"bin") for _ in range(7)]
    bodies = [b""] * 7
    active = list(range(7))
    numbers = Numbers(3)
    while active:
        # Some go on for a while, each time others.
        index = active[numbers.below(len(active))]
        for _ in range(1 + numbers.below(60)):
            try:
                bodies[index] += next(listings[index])
            except StopIteration:
                active.remove(index)
                break
            assert len(fullscrape._holding) <= 4
    assert not fullscrape._holding
    for body in bodies:
        assert [body[at : at + 20] for at in range(0, len(body), 28)] == expected


def test_a_listing_that_is_given_up_holds_nothing():
    pools = filled(600)
    for steps in (0, 1, 2, 5, 12):
        given_up = listing(pools, b"ben")
        for _ in range(steps):
            next(given_up)
        given_up.close()
        assert not fullscrape._holding


# Modesty


def test_an_address_gets_one_in_five_minutes():
    modesty = Modesty()
    assert modesty.allows(ipv4(1), 1000)
    assert not modesty.allows(ipv4(1), 1000)
    assert modesty.allows(ipv4(2), 1001)
    assert not modesty.allows(ipv4(1), 1000 + MODEST_SECONDS - 1)
    assert modesty.allows(ipv4(1), 1000 + MODEST_SECONDS), "refusals do not prolong the wait"
    assert not modesty.allows(ipv4(1), 1001 + MODEST_SECONDS)
    assert modesty.allows(ipv4(2), 1001 + MODEST_SECONDS)


def test_modesty_is_kept_to_the_second_whenever_it_begins():
    for second in range(0, 3 * MODEST_SECONDS, 7):
        modesty = Modesty()
        modesty.allows(ipv4(9), 0)
        assert modesty.allows(ipv4(1), second)
        for later in range(second, second + MODEST_SECONDS, 11):
            assert not modesty.allows(ipv4(1), later), (second, later)
        assert modesty.allows(ipv4(1), second + MODEST_SECONDS)


def test_an_ipv6_network_counts_as_one_address():
    modesty = Modesty()
    network = ipv6(1)[:8]
    assert modesty.allows(network + b"\0" * 7 + b"\1", 5)
    assert not modesty.allows(network + b"\0" * 7 + b"\2", 6)
    assert modesty.allows(ipv6(2), 6)
    assert modesty.allows(network[:4], 6), "an IPv4 address with the same first bytes"


def test_modesty_remembers_so_many():
    modesty = Modesty()
    for number in range(MOST_REMEMBERED):
        assert modesty.allows(ipv4(number), 10)
    assert not modesty.allows(ipv4(MOST_REMEMBERED), 20)
    assert not modesty.allows(ipv4(0), 20)
    assert len(modesty._recent) + len(modesty._older) == MOST_REMEMBERED
    assert modesty.allows(ipv4(MOST_REMEMBERED), 10 + 2 * MODEST_SECONDS)


def test_full_scrapes_are_told():
    told = []
    with Replaced(fullscrape, "log", told.append):
        fullscrape.tell(ipv4(1), 59)
        fullscrape.tell(b"\x20\x01\x0d\xb8" + bytes(11) + b"\1", 600000)
    assert told[0].startswith("[00000000] scrp:  ") and told[0].endswith(" - FULL SCRAPE")
    assert told[1] == "[00010000] scrp:  2001:db8::1 - FULL SCRAPE"
