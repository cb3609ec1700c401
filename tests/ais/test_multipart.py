from __future__ import annotations

import pyarrow.compute as pc

from darkwake.ais.layout import FAR
from sentences import bits, position, read, rows, sentence, sentences, tag, voyage

ONE = sentence(position())
P1, P2 = sentences(voyage())


def test_bits_are_joined_across_byte_borders() -> None:
    text = "SIM LONG TEXT " * 12
    binary = bits((8, 6), (0, 2), (299000001, 30), (0, 2), (1, 10), (29, 6), (text, 150))
    for cut in (6, 30, 336, 504):
        (row,) = rows("\n".join(sentences(binary, cut)))
        size = row["payload_bit_count"]
        assert format(int.from_bytes(row["payload_bits"]), f"0{len(row['payload_bits']) * 8}b")[:size] == binary


def test_nothing_waits_for_ever() -> None:
    near, far = [P1, *[ONE] * (FAR - 1), P2], [P1, *[ONE] * FAR, P2]
    assert [row["type"] for row in rows("\n".join(near))].count(5) == 1
    messages, rejects, _ = read("\n".join(far))
    assert 5 not in messages["type"].to_pylist()
    assert rejects["reason"].to_pylist() == ["incomplete_multipart"] * 2


def test_another_channel_is_accepted_from_a_neighbour_only() -> None:
    a, b = sentences(voyage(), channels=("A", "B"))
    assert len(rows("\n".join([a, b]))) == 1
    assert 5 not in [row["type"] for row in rows("\n".join([a, *[ONE] * 20, b]))]


def test_parts_of_different_stations_or_groups_or_hours_do_not_meet() -> None:
    for first, second in (
        ("s:SIM1", "s:SIM2"), ("g:1-2-7", "g:2-2-8"), ("c:1410000000", "c:1410003600"),
    ):  # fmt: skip
        messages, rejects, _ = read("\n".join([tag(first) + P1, tag(second) + P2]))
        assert (messages.num_rows, rejects.num_rows) == (0, 2)


def test_an_orphan_does_not_meet_a_stranger() -> None:
    lines = [P2, *[ONE] * 20, P1, *[ONE] * 5, P2]  # the first part 2 lost its part 1
    messages, rejects, _ = read("\n".join(lines))
    assert messages.filter(pc.equal(messages["type"], 5))["spans"].to_pylist()[0][0]["offset"] > 0
    assert rejects.to_pylist() == [{"offset": 0, "length": len(P2), "reason": "incomplete_multipart"}]


def test_every_message_within_reach_may_wait() -> None:
    firsts = [tag(f"s:SIM{n}") + P1 for n in range(FAR + 8)]
    seconds = [tag(f"s:SIM{n}") + P2 for n in range(8, FAR + 8)]
    messages, rejects, _ = read("\n".join([*firsts, *seconds]))
    assert (messages.num_rows, rejects.num_rows) == (FAR, 8)


def test_three_parts_in_any_order() -> None:
    from itertools import permutations

    from sentences import armour, checked

    binary = voyage()
    cuts = [binary[:144], binary[144:288], binary[288:]]
    parts = []
    for number, cut in enumerate(cuts, 1):
        payload, fill = armour(cut)
        parts.append("!" + checked(f"AIVDM,3,{number},5,B,{payload},{fill}"))
    for order in permutations(parts):
        (row,) = rows("\n".join(order))
        assert (row["name"], row["destination"], row["checksum_ok"]) == ("SIM AURORA", "SIM PORT", True)
        assert len(row["spans"]) == 3
