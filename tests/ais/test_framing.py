"""The behaviour matrix: every way in which sentences are met in life."""

from __future__ import annotations

import datetime as dt

import pytest

from sentences import bits, checked, only, position, read, rows, sentence, sentences, tag, voyage

ONE = sentence(position())
P1, P2 = sentences(voyage())
A1, A2 = sentences(voyage(name="SIM A"), channels=("A", "A"))
B1, B2 = sentences(voyage(name="SIM B"), channels=("B", "B"))
NO_SEQ_1, NO_SEQ_2 = sentences(voyage(), sequence="")
T = 1410000000
TIME = dt.datetime.fromtimestamp(T, dt.UTC)
TYPE_24A = bits((24, 6), (0, 2), (299000001, 30), (0, 2), ("SIM AURORA", 20), (0, 2))


def gatehouse(expected: str) -> str:
    return "$" + checked(f"PGHP,1,2014,9,6,10,40,0,0,219,,2990067,1,{expected}")


def with_channel(line: str, channel: str) -> str:
    fields = line[1:].split("*", maxsplit=1)[0].split(",")
    fields[4] = channel
    return "!" + checked(",".join(fields))


def with_talker(line: str, talker: str) -> str:
    return "!" + checked(talker + line[3:].split("*", maxsplit=1)[0])


# case, lines, messages, whether they have the time T
MATRIX: list[tuple[str, list[str], int, bool]] = [
    ("plain", [ONE], 1, False),
    ("bad checksum", [ONE[:-2] + "00"], 1, False),
    ("no checksum", [ONE[:-3]], 1, False),
    ("star without checksum", [ONE[:-2]], 1, False),
    ("multi same chan", [P1, P2], 1, False),
    ("multi, part 2 no channel", [P1, with_channel(P2, "")], 1, False),
    ("multi, part 2 other channel", [P1, with_channel(P2, "B")], 1, False),
    ("multi reversed", [P2, P1], 1, False),
    ("multi no seq id", [NO_SEQ_1, NO_SEQ_2], 1, False),
    ("two interleaved, same seq, chan A/B", [A1, B1, A2, B2], 2, False),
    ("two interleaved the other way round", [A1, B1, B2, A2], 2, False),
    ("orphan part 1 then new", [P1, A1, A2], 1, False),
    ("tag block", [tag(f"s:SIM1,c:{T}") + ONE], 1, True),
    ("tag block in ms", [tag(f"c:{T}000") + ONE], 1, True),
    ("two tag blocks", [tag("s:SIM1") + tag(f"c:{T}") + ONE], 1, True),
    ("tag block on its own line", [tag(f"s:SIM1,c:{T}"), ONE], 1, True),
    ("tag group g:", [tag(f"g:1-2-1234,s:SIM1,c:{T}") + P1, tag("g:2-2-1234") + P2], 1, True),
    ("tag group, time in part 2", [tag("g:1-2-1234") + P1, tag(f"g:2-2-1234,c:{T}") + P2], 1, True),
    ("tag group of NMEA 4.00", [tag(f"1G2:1234,c:{T}") + P1, tag("2G2:1234") + P2], 1, True),
    ("tag group of two messages", [tag(f"g:1-2-7,c:{T}") + ONE, tag("g:2-2-7") + ONE], 2, True),
    ("tag group begun by another sentence", [tag(f"g:1-2-7,c:{T}") + "$ARVSI,SIM", tag("g:2-2-7") + ONE], 1, True),
    ("bad tag checksum", [f"\\s:SIM1,c:{T}*00\\" + ONE], 1, True),
    ("no tag checksum", [f"\\s:SIM1,c:{T}\\" + ONE], 1, True),
    ("tag block not closed", [f"\\c:{T}" + ONE], 1, True),
    ("USCG suffix", [ONE + f",s12345,d-098,T32.1,rSIM003669945,{T}"], 1, True),
    ("USCG suffix, two times", [ONE + f",bSIM9,{T},{T - 60}"], 1, True),
    ("BSVDM", [with_talker(ONE, "BS")], 1, False),
    ("WSVDM", [with_talker(ONE, "WS")], 1, False),
    ("VDO", ["!" + checked("AIVDO" + ONE[6:-3])], 1, False),
    ("prefix timestamp", ["2014-09-06 10:40:00, " + ONE], 1, True),
    ("prefix timestamp with T and Z", ["2014-09-06T10:40:00Z," + ONE], 1, True),
    ("prefix timestamp with zone", ["2014-09-06 12:40:00+02:00 " + ONE], 1, True),
    ("prefix in brackets", ["[2014/09/06 10:40:00.000] " + ONE], 1, True),
    ("epoch prefix", [f"{T}," + ONE], 1, True),
    ("epoch prefix, blank", [f"{T} " + ONE], 1, True),
    ("epoch prefix, tab", [f"{T}\t" + ONE], 1, True),
    ("epoch prefix, fraction", [f"{T}.000," + ONE], 1, True),
    ("epoch prefix in ms", [f"{T}000," + ONE], 1, True),
    ("gatehouse PGHP", [gatehouse(ONE[-2:]), ONE], 1, True),
    ("gatehouse PGHP before two parts", [gatehouse(P2[-2:]), P1, P2], 1, True),
    ("gatehouse PGHP that names no sentence", [gatehouse("00"), ONE], 1, True),
    ("type 24A 162 bits", [sentence(TYPE_24A)], 1, False),
    ("type 24A 160 bits", [sentence(TYPE_24A[:160])], 1, False),
    ("type 5 short 420", list(sentences(voyage()[:420])), 1, False),
    ("type 5 short 422", list(sentences(voyage()[:422])), 1, False),
    ("type 28 (unknown)", [sentence(bits((28, 6), (0, 2), (299000001, 30), (0, 130)))], 1, False),
    ("frag 0 of 1", ["!" + checked("AIVDM,1,0" + ONE[10:-3])], 1, False),
    ("frag 1 of 0", ["!" + checked("AAVDM,0,1" + ONE[10:-3])], 1, False),
    ("empty channel", [with_channel(ONE, "")], 1, False),
    ("$ for !", ["$" + ONE[1:]], 1, False),
    ("two sentences on one line", [ONE + sentence(position(second=15))], 2, False),
    ("two tagged sentences on one line", [tag(f"c:{T}") + ONE + tag(f"c:{T}") + ONE], 2, True),
    ("garbage before", ["\x00\x00%%" + ONE], 1, False),
    ("fill bits 6", ["!" + checked("AIVDM,1,1,,A," + "601uEP19bi7P04810,6")], 1, False),
    ("comments and others between parts", [P1, "# hello", "$GPGGA,,,,*00", "", P2], 1, False),
]  # fmt: skip


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\n\n"], ids=["LF", "CRLF", "CR", "blank lines"])
@pytest.mark.parametrize(("lines", "messages", "timed"), [m[1:] for m in MATRIX], ids=[m[0] for m in MATRIX])
def test_behaviour_matrix(lines: list[str], messages: int, timed: bool, end: str) -> None:
    found = rows(end.join(lines) + end)
    assert len(found) == messages
    assert all(row["time"] == (TIME if timed else None) for row in found)
    assert all((row["time_basis"] == "none") == (row["time"] is None) for row in found)


@pytest.mark.parametrize(("lines", "messages"), [(m[1], m[2]) for m in MATRIX], ids=[m[0] for m in MATRIX])
def test_last_line_needs_no_end(lines: list[str], messages: int) -> None:
    assert len(rows("\n".join(lines))) == messages


def test_interleaved_parts_are_not_mixed() -> None:
    assert [row["name"] for row in rows("\n".join([A1, B1, B2, A2]))] == ["SIM B", "SIM A"]


def test_checksums_are_flagged_not_judged() -> None:
    found = rows("\n".join([ONE, ONE[:-2] + "00", ONE[:-3]]))
    assert [row["checksum_ok"] for row in found] == [True, False, None]
    assert found[0]["lon"] == found[1]["lon"] == found[2]["lon"]
    joined = rows("\n".join([P1, P2[:-3], P1[:-2] + "00", P2]))
    assert [row["checksum_ok"] for row in joined] == [None, False]


def test_spans_hold_the_evidence() -> None:
    lines = [gatehouse(ONE[-2:]), ONE, "2014-09-06 10:40:00, " + P1, tag("s:SIM1"), P2 + ",rSIM1"]
    text = "\n".join(lines)
    found = rows(text)
    spans = [[text[s["offset"] : s["offset"] + s["length"]] for s in row["spans"]] for row in found]
    assert spans == [lines[:2], lines[2:]]


def test_two_sentences_on_one_line_have_their_own_spans() -> None:
    first, second = tag(f"c:{T}") + ONE, tag(f"c:{T + 1}") + ONE
    found = rows(first + second)
    assert [row["spans"] for row in found] == [
        [{"offset": 0, "length": len(first)}],
        [{"offset": len(first), "length": len(second)}],
    ]
    assert [row["time"].timestamp() for row in found] == [T, T + 1]


def test_stations() -> None:
    lines = [
        tag("s:SIM1") + ONE, ONE + f",d-100,rSIM2,{T}", ONE, gatehouse(ONE[-2:]), ONE, tag("s:SIM-é") + ONE,
        tag("g:1-2-5,s:SIM3") + P1, tag("g:2-2-5") + P2,
    ]  # fmt: skip
    assert [row["station"] for row in rows("\n".join(lines))] == ["SIM1", "rSIM2", None, "2990067", "SIM-?", "SIM3"]


@pytest.mark.parametrize(
    ("line", "basis", "uncertainty"),
    [
        (tag(f"c:{T}") + ONE, "tag_block", 0.5),
        (tag(f"c:{T}123") + ONE, "tag_block", 0.0005),
        (f"\\c:{T}*00\\" + ONE, "tag_block", None),
        ("2014-09-06 10:40:00, " + ONE, "prefix", 0.5),
        ("2014-09-06 10:40:00.25, " + ONE, "prefix", 0.005),
        (gatehouse(ONE[-2:]) + "\n" + ONE, "gatehouse", 0.0005),
        (ONE + f",rSIM2,{T}", "uscg", 0.5),
        (f"{T}," + tag(f"c:{T + 5}") + ONE + f",rSIM2,{T + 9}", "tag_block", 0.5),
        (ONE, "none", None),
    ],
)
def test_time_basis(line: str, basis: str, uncertainty: float | None) -> None:
    row = only(line)
    assert row["time_basis"] == basis
    assert row["time_uncertainty_s"] == (None if uncertainty is None else pytest.approx(uncertainty))


@pytest.mark.parametrize(
    "line",
    [
        tag("c:12") + ONE,  # 1970
        tag("c:4999999999") + ONE,  # 2128
        tag("c:") + ONE,
        tag("c:99999999999999999999999") + ONE,
        "2014-02-30 10:40:00, " + ONE,
        "2014-09-06 25:40:00, " + ONE,
        "1969-09-06 10:40:00, " + ONE,
        "2014-09-06, " + ONE,
        "17," + ONE,
        "$PGHP,1,2014,13,6,10,40,0,0,219,,2990067,1,00\n" + ONE,
        "$PGHP,1\n" + ONE,
        ONE + ",rSIM2,12",
    ],
)
def test_no_time_is_invented(line: str) -> None:
    assert only(line)["time"] is None


def test_gatehouse_line_speaks_once_and_for_its_own_sentence() -> None:
    other = sentence(position(second=15))
    assert [row["time_basis"] for row in rows("\n".join([gatehouse(ONE[-2:]), other, ONE, ONE]))] == [
        "none", "gatehouse", "none",
    ]  # fmt: skip
    late = [gatehouse(ONE[-2:]), *[other] * 5, ONE]
    assert {row["time_basis"] for row in rows("\n".join(late))} == {"none"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("epoch,AIS_Sentences", "not_ais"),
        ("!AIVDM", "bad_framing"),
        ("!AIVDM,1,1,,A", "bad_framing"),
        ("!AIVDM,3,4,,A,0000,0", "bad_framing"),
        ("!AIVDM,x,1,,A,0000,0", "bad_framing"),
        ("!AIVDM,10,1,,A,0000,0", "bad_framing"),
        ("!AIVDM,1,1,,A,13HOI:0P0000~OHLCnHQKwvL05Ip,0*23", "bad_payload_char"),
        ("!AIVDM,1,1,,A,13HOI:0P0000XOHLCnHQKwvL05Ip,0*23", "bad_payload_char"),
        ("!AIVDM,1,1,,A,,0*26", "too_short"),
        (sentence(position()[:36]), "too_short"),
        ("!AIVDM,1,1,,A," + "0" * 5500 + ",0", "payload_too_long"),
        ("!AIVDM,2,1,1,A," + "0" * 600 + ",0", "payload_too_long"),
        (P1, "incomplete_multipart"),
        ("x" * 9000, "line_too_long"),
    ],
)
def test_rejects_are_kept_with_their_reason(line: str, reason: str) -> None:
    messages, rejects, _ = read("\n" + line + "\n" + ONE + "\n")
    assert messages.num_rows == 1
    assert rejects.to_pylist() == [{"offset": 1, "length": len(line), "reason": reason}]


def test_other_lines_are_no_rejects() -> None:
    lines = ["$GPGGA,,,*00", "# comment", "$PSTT,30A,20131112,120000*6D", tag("si:SIM"), "!AIPWR,UNIT=0*1E", "", "  "]
    messages, rejects, counts = read("\r\n".join(lines))
    assert (messages.num_rows, rejects.num_rows, counts["other_lines"], counts["sentences"]) == (0, 0, 5, 0)
