"""Records that wait: in order, list by list, within their memory."""

from makers import reserve, scattered

from opentracker.livesync.waiting import LISTS, Waiting

REST = b"bcdefghijklmnopqrst"
V4 = b"\x7f\0\0\1\x1a\xe1"
V6 = b"\x20\1\x0d\xb8" + bytes(11) + b"\1\x1a\xe1"


def waiting_of(slots):
    return Waiting((slots + 1) * 44, reserve)


def test_records_come_back_as_they_went_in():
    waiting = waiting_of(4)
    waiting.add(b"a" + REST, V4, 0x80)
    waiting.add(b"a" + REST, V6, 0x40)
    waiting.add(b"b" + REST, V4, 0x20)
    waiting.add(b"a" + REST, V4, 0x20)
    assert waiting.take(ord("a"), 2) == [(REST, V4 + b"\x80"), (REST, V6 + b"\x40")]
    assert waiting.take(ord("a"), 2) == [(REST, V4 + b"\x20")]
    assert waiting.take(ord("a"), 2) == []
    assert waiting.take(ord("b"), 9) == [(REST, V4 + b"\x20")]
    assert waiting.lost == 0


def test_what_has_no_room_is_counted():
    waiting = waiting_of(3)
    for flags in range(5):
        waiting.add(b"a" + REST, V4, flags)
    assert waiting.lost == 2
    assert [record[-1] for _, record in waiting.take(ord("a"), 9)] == [0, 1, 2]
    waiting.add(b"z" + REST, V4, 7)
    assert waiting.take(ord("z"), 9) == [(REST, V4 + b"\7")]
    assert waiting.lost == 2


def test_slots_are_used_again_and_again():
    """Against a model of lists, from empty to full and back."""
    waiting = waiting_of(50)
    model = [[] for _ in range(LISTS)]
    lost = 0
    for turn in range(3000):
        dice = scattered(turn)
        number = dice % 5 * 60
        if dice >> 8 & 3:
            peer = V6 if dice >> 12 & 1 else V4
            if sum([len(each) for each in model]) < 50:
                model[number].append((REST, peer + bytes((turn & 255,))))
            else:
                lost += 1
            waiting.add(bytes((number,)) + REST, peer, turn & 255)
        elif dice >> 16 & 3 == 0:
            most = 1 + (dice >> 18) % 30
            assert waiting.take(number, most) == model[number][:most]
            model[number] = model[number][most:]
    assert waiting.lost == lost > 0
    for number in range(LISTS):
        assert waiting.take(number, 99) == model[number]
