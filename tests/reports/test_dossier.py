from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa

from darkwake import refs
from darkwake.detectors.coverage import Coverage, Missing
from darkwake.errors import VerificationError
from darkwake.reports.dossier import dossier
from darkwake.reports.render import Page, Stamp
from html_checks import check, text
from made_up import AWAY, HARBOUR, MMSI, SHA16, event, hour, segments, sentence, statics, track, voyage

STAMP = Stamp(7, hour(2000), "darkwake 0", hour(0), hour(240), with_data=range(480))
DEFINITIONS = {"gap": "A silence of more than 6 h.", "port_call": "A stay.", "encounter": "A meeting."}


def opener(ref: refs.SourceRef) -> bytes:
    return sentence(ref.spans[0].offset)


def make(**given: Any) -> Page:
    positions = given.pop("track", voyage(10))
    fields: dict[str, Any] = {
        "track": positions,
        "statics": statics([{"hour": 0, "name": "SIM AURORA", "callsign": "SIM01", "destination": "SIM PORT"}]),
        "segments": segments(positions),
        "events": [event(start=48, end=72)],
        "stamp": STAMP,
        "opener": opener,
        "places": {"SIMPT": "Port Sim"},
        "detected": DEFINITIONS,
    }
    return dossier(MMSI, **{**fields, **given})


def test_the_page_says_what_it_is_and_what_it_rests_on() -> None:
    page = make()
    said = text(check(page.html))
    for words in (
        "MMSI 299000001 · sent as SIM AURORA",
        "as of ledger number 7",
        "data from 2019-02-01 00:00:00Z to 2019-02-11 00:00:00Z",
        "Not screened against lists in this version.",
        "1 port call.",
        "Port Sim (SIMPT)",
        "SIMULATED: every ship",
        "in 240 of the 480 hours in which any ship was heard (50.0 %)",
        "A stay.",
        "SIM PORT",
        "hash verified",
        sentence(0).decode().strip(),
    ):
        assert words in said
    assert (page.exhibits, page.failures) == (2, ())  # of the call, and the last report


def test_a_hostile_name_stays_text() -> None:
    hostile = '<script>alert("1")</script><img src=x onerror=y>\u202e"\'&#x'
    page = make(
        statics=statics([{"hour": 0, "name": hostile, "callsign": "</td></table>", "destination": "javascript:x"}]),
        places={"SIMPT": "<b>Port</b>"},
        events=[event(start=48, end=72, reasons=("</article>",), measures={"<i>": "<u>"})],
    )
    said = text(check(page.html))
    assert '<script>alert("1")</script>' in said
    assert "\\u202e" in said
    assert "\u202e" not in page.html
    assert "<b>Port</b>" in said


def test_hostile_bytes_stay_text() -> None:
    page = make(opener=lambda ref: b"!AIVDM,<script>\x00\xff\x1b[2J\r\n!second\r\n")
    said = text(check(page.html))
    assert "!AIVDM,<script>\\x00\\xff\\x1b[2J !second" in said


def test_nothing_at_all_is_said_in_words() -> None:
    empty = track([])
    page = make(track=empty, statics=statics([]), segments=segments(empty), events=[], opener=None, detected=None)
    said = text(check(page.html))
    for words in (
        "No position with a known time was received",
        "No name, call sign, IMO number, type or size was sent",
        "No destination and no draught was sent",
        "No events are recorded",
        "No segment was built",
        "No evidence is cited",
        "No method was applied",
    ):
        assert words in said


def test_what_was_looked_for_and_not_found_is_said() -> None:
    complete = {kind: Coverage(kind, "default", None, None) for kind in ("gap", "encounter", "port_call")}
    said = text(check(make(looked=complete).html))
    assert (
        "No gap longer than 6 h was observed and no encounter was inferred, in the 240 hours with a position of it "
        "(of 480 hours in which any ship was heard, between 2019-02-01 and 2019-02-11)." in said
    )
    late = Missing(None, None, "newer_data", 4, "reports of MMSI 299000001 were imported after run 3 looked (import 4)")
    said = text(check(make(looked=complete | {"gap": Coverage("gap", "default", None, None, (), (late,))}).html))
    assert "No encounter was inferred, in the 240 hours" in said
    assert "No gap" not in said
    assert "Not all gaps may be told: reports of MMSI 299000001 were imported after run 3 looked" in said


def test_bytes_that_fail_their_hash_are_marked_and_reported() -> None:
    def broken(ref: refs.SourceRef) -> bytes:
        raise VerificationError("the bytes changed", where=str(ref))

    page = make(opener=broken)
    said = text(check(page.html))
    assert "not verified" in said
    assert "the bytes changed" in said
    assert "hash verified" not in said.replace("means: the bytes", "")
    assert (len(page.failures), page.exit_code) == (2, 6)
    assert page.failures[0].startswith(f"src:{SHA16}#0+47: the bytes changed")


def test_a_reference_nobody_can_read_is_a_failure() -> None:
    page = make(events=[event(start=48, end=72, evidence=("nonsense",))])
    assert "nonsense" in page.failures[0]


def test_without_an_opener_nothing_is_said_to_be_verified() -> None:
    said = text(check(make(opener=None).html))
    assert "not opened" in said
    assert "verified" not in said


def test_retracted_events_are_left_out_and_open_ones_say_so() -> None:
    gone = event(start=100, end=110, state="retracted")
    going_on = event("gap", 200, None)
    html = make(events=[gone, going_on]).html
    said = text(check(html))
    assert gone.id not in html
    assert "open: not ended in this data" in said


def test_long_evidence_is_shown_by_its_ends() -> None:
    many = tuple(f"src:{SHA16}#{48 * k}+47" for k in range(100))
    page = make(events=[event(start=48, end=72, evidence=many)])
    said = text(check(page.html))
    assert page.exhibits == 9  # and the last report of the segment
    assert "and 92 more" in said
    assert many[0] in said
    assert many[-1] in said


def test_cited_reports_say_how_they_were_read() -> None:
    where = {0: AWAY, 1: HARBOUR}
    page = make(track=track(where, where))
    assert "read as: 2019-02-01 00:00:00Z · 38.0000° N, 124.0000° E · 0.1 kn" in text(check(page.html))


def test_two_transmitters_on_one_number_are_said() -> None:
    import pyarrow as pa

    both = pa.concat_tables([track(range(10), AWAY, segment=1), track(range(2, 8), HARBOUR, segment=2)])
    assert "at least 2 transmitters used this number at once" in text(check(make(track=both).html))


def test_no_word_accuses() -> None:
    said = text(check(make(events=[event("gap", 100, 130), event(start=48, end=72)]).html)).lower()
    for word in ("illegal", "guilty", "evader", "dark ship", "evasion"):
        assert word not in said


def test_the_same_input_gives_the_same_page() -> None:
    assert make().html == make().html


def test_an_observed_kind_says_so_and_an_inferred_one_too() -> None:
    def tag(kind: str) -> bool:
        return '<span class="tag">observed</span>' in make(events=[event(kind=kind, start=48, end=72)]).html

    assert (tag("gap"), tag("port_call")) == (True, False)


def test_strays_are_counted_apart_and_a_call_between_two_ports_names_both() -> None:
    positions = voyage(10)
    told = segments(positions)
    stray = told.slice(0, 1).set_column(told.schema.get_field_index("end_reason"), "end_reason", pa.array(["stray"]))
    call = event(start=48, end=72)
    between = replace(call, measures={**call.measures, "or_port": "SIMTWO"})
    said = text(
        check(
            make(
                segments=pa.concat_tables([told, stray.cast(told.schema)]),
                events=[between],
                places={"SIMPT": "Port Sim", "SIMTWO": "Port Two"},
            ).html
        )
    )
    assert "positions in 1 segment and 1 stray, from" in said
    assert "Port Sim (SIMPT) or Port Two (SIMTWO)" in said
