from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

from darkwake import refs, times
from darkwake.answers.evaluate import Verdict, evaluate
from darkwake.answers.query import Count, Filter, Present, Query, Where, Within
from darkwake.answers.windows import Spot
from darkwake.casebook.models import Claim, Erasure, Evaluation, Reply, Source
from darkwake.reports.claim_page import claim_page
from darkwake.reports.render import Page, Stamp
from html_checks import check, text
from made_up import HARBOUR, MMSI, data, event, hour, sentence, voyage

SPOT = Spot(*HARBOUR, 5000)
STAMP = Stamp(7, hour(2000), "darkwake 0", hour(0), hour(240))
CALLS = Filter("port_call", f"mmsi:{MMSI}", "SIMPT", hour(0), hour(240), minimum=(("confidence_level", 2),))
RECORDED = {"number": 0, "recorded_at": 0}
TRACK = voyage(10, silences=[(90, 120)])
EVENTS = [
    event(start=48, end=72),
    event(start=132, end=156),
    event(start=216, end=239, measures={"confidence_level": 1, "stop_seen": True}),
]


def opener(ref: refs.SourceRef) -> bytes:
    return sentence(ref.spans[0].offset)


def claim(**given: Any) -> Claim:
    fields: dict[str, Any] = {
        "id": "clm-0123456789ab", "words": "At least two calls\nwere made.", "query": None,
        "asserted_by": "a port agent", "status": "alleged", "source": "notes, p. 3", "published_from": hour(0),
        "published_to": hour(0), "recorded_number": 6, "recorded_at": hour(1000),
    }  # fmt: skip
    whole = {**fields, **given}
    said = {name: whole.pop(name) for name in ("asserted_by", "source", "published_from", "published_to")}
    recorded = {"number": whole.pop("recorded_number"), "recorded_at": whole.pop("recorded_at")}
    return Claim(**whole, **recorded, sources=(Source(**said, **recorded, words=None),))


def make(query: Query | None = None, events: Any = EVENTS, **given: Any) -> tuple[Page, Verdict]:
    asked = query or Count(CALLS, "at_least", 2)
    verdict = evaluate(asked, data(events, TRACK, Spot(*HARBOUR, 5000)))
    fields: dict[str, Any] = {
        "claim": claim(), "query": asked, "verdict": verdict, "stamp": STAMP, "track": TRACK, "opener": opener,
        "places": {"SIMPT": "Port Sim"}, "simulated": True,
    }  # fmt: skip
    return claim_page(**{**fields, **given}), verdict


def test_words_verdict_evidence_and_doubt_are_all_there() -> None:
    page, verdict = make()
    said = text(check(page.html))
    for words in (
        "At least two calls were made.",
        "alleged",
        "Said by a port agent , published 2019-02-01. Source: notes, p. 3.",
        "at least 2 port calls of MMSI 299000001 at Port Sim (SIMPT)",
        "Supported",
        verdict.words,
        "Evidenced (2)",
        "Possible at most (1)",
        "confidence level 1",
        "What could have been missed",
        "30.0 h silence",
        "the ship makes at most 20 knots",
        "darkwake claim verify clm-0123456789ab --as-of 7",
        '"at_least": 2',
        "hash verified",
        "SIMULATED",
    ):
        assert words in said
    assert page.failures == ()


@pytest.mark.parametrize(("number", "outcome"), [(2, "Supported"), (5, "Not enough data"), (50, "Contradicted")])
def test_every_outcome_in_words(number: int, outcome: str) -> None:
    page, verdict = make(Count(CALLS, "at_least", number))
    root = check(page.html)
    found = root.find(".//p[@class='outcome']")
    assert found is not None
    assert "".join(found.itertext()).endswith(outcome)
    assert f"the claim says at least {number}" in verdict.words


def test_nothing_found_is_said_in_words() -> None:
    said = text(check(make(events=[])[0].html))
    assert "Nothing that the claim speaks of is evidenced in this data" in said
    assert "No evidence is cited" in said


def test_a_claim_without_a_query_stands_as_words() -> None:
    page = claim_page(claim(source=None, published_from=None, published_to=None), None, None, stamp=STAMP)
    said = text(check(page.html))
    assert "This claim has no query" in said
    assert "date of publication not recorded" in said
    assert "No source document is recorded." in said
    assert "Run it again" not in said


def test_without_a_vessel_no_bound_is_promised() -> None:
    anyone = Filter("port_call", None, "SIMPT", hour(0), hour(240))
    verdict = evaluate(Count(anyone, "at_most", 5), data(EVENTS))
    page = claim_page(claim(), Count(anyone, "at_most", 5), verdict, stamp=STAMP)
    said = text(check(page.html))
    assert "no upper bound" in said
    assert "This data does not bound how many could have gone unheard." in said
    assert "Coverage is not known" in said


def test_denials_stand_beside_the_verdict() -> None:
    denial = Reply(party="manager", kind="denial", words="We <deny> it.", said_on=hour(0), source=None, **RECORDED)
    asked = Reply(party="flag state", kind="asked", words=None, said_on=None, source="letter 4", **RECORDED)
    page, _ = make(claim=claim(replies=(denial, asked)))
    said = text(check(page.html))
    assert "We <deny> it." in said
    assert "asked for comment flag state date unknown · source: letter 4" in said
    assert said.index("We <deny>") < said.index("Evidenced (2)")
    assert "No reply is recorded" in text(check(make()[0].html))


def test_earlier_runs_are_listed() -> None:
    run = Evaluation(
        as_of=5, outcome="not_enough_data", verdict={"words": "Between 1 and 9."}, software="darkwake 0", **RECORDED
    )
    assert "5 1970-01-01 00:00:00Z not enough data Between 1 and 9. darkwake 0" in text(
        check(make(claim=claim(evaluations=(run,)))[0].html)
    )


def test_hostile_words_stay_text() -> None:
    hostile = "<script>alert(1)</script>\u202e{{ 7*7 }}"
    page, _ = make(claim=claim(words=hostile, asserted_by=hostile, source=hostile))
    said = text(check(page.html))
    assert "<script>alert(1)</script>\\u202e{{ 7*7 }}" in said


def test_a_query_with_a_neighbour() -> None:
    gaps = Filter("gap", f"mmsi:{MMSI}")
    query = Within(gaps, Filter("port_call"), 24)
    events = [*EVENTS, event("gap", 90, 120), event("gap", 300, 310)]
    verdict = evaluate(query, data(events, TRACK))
    page = claim_page(claim(), query, verdict, stamp=STAMP, track=TRACK)
    said = text(check(page.html))
    assert "had nothing beside them" in said


def test_every_source_stands_on_the_page_and_what_was_erased() -> None:
    more = Source("SIM GAZETTE", "She was there twice.", None, None, None, **RECORDED)
    gone = Erasure("editor", "asked for", **RECORDED)
    said = text(check(make(claim=replace(claim(), sources=(*claim().sources, more), erasures=(gone,)))[0].html))
    assert "alleged Said by a port agent , published 2019-02-01. Source: notes, p. 3." in said
    assert "Also said by SIM GAZETTE , date of publication not recorded. In these words: “She was there twice.”" in said
    assert "Words or names were erased, 1970-01-01 00:00:00Z, by editor: asked for" in said


def test_a_run_on_data_that_was_withdrawn_says_so() -> None:
    run = Evaluation(as_of=5, outcome="supported", verdict={}, software="0", **RECORDED, withdrawn_since=(2, 3))
    said = text(check(make(claim=claim(evaluations=(run,)))[0].html))
    assert "The data it was run on held imports 2, 3, which were withdrawn since." in said


def test_many_windows_are_cut_short_with_their_sum() -> None:
    every_day = [(24 * d + 1, 24 * d + 20) for d in range(100)]
    track = voyage(100, silences=every_day)
    asked = Count(Filter("port_call", f"mmsi:{MMSI}", "SIMPT", hour(0), hour(2400)), "at_least", 1)
    verdict = evaluate(asked, data(EVENTS, track, Spot(*HARBOUR, 5000)))
    page = claim_page(claim(), asked, verdict, stamp=STAMP, track=track)
    assert "more such stretches, with room for" in text(check(page.html))


def test_one_sentence_says_what_was_looked_for_and_every_doubt_its_reason() -> None:
    passage = event(start=216, end=239, measures={"confidence_level": 4, "stop_seen": False})
    said = text(check(make(events=[*EVENTS[:2], passage])[0].html))
    assert (
        "Looked for port calls of MMSI 299000001 at Port Sim (SIMPT), at any time in the data: method port_call 1.0, "
        "profile default, with its usual parameters, in run 2 of the ledger." in said
    )
    assert "a passage: no stop was seen inside the port's area" in said
    assert "Possible at most (1)" in said


def test_what_was_not_looked_for_is_said_with_the_command() -> None:
    asked = Count(CALLS, "at_least", 50)
    verdict = evaluate(asked, data(EVENTS, TRACK, Spot(*HARBOUR, 5000), coverage={}))
    said = text(check(make(asked, verdict=verdict)[0].html))
    assert "Not enough data" in said
    assert "Look with: darkwake event detect port_call" in said
    assert "Looked for" not in said


def test_was_there_shows_the_stay_and_its_evidence() -> None:
    asked = Present(Where(f"mmsi:{MMSI}", "SIMPT", hour(54), hour(60)))
    verdict = evaluate(asked, data([], TRACK, Spot(*HARBOUR, 5000), coverage={}, feeds=((hour(0), hour(240)),)))
    page = claim_page(claim(), asked, verdict, stamp=STAMP, track=TRACK, opener=opener, places={"SIMPT": "Port Sim"})
    said = text(check(page.html))
    assert "MMSI 299000001 was at Port Sim (SIMPT) at some time from" in said
    assert "Where it was heard (1)" in said
    assert "2019-02-03 00:00:00Z" in said  # the stay began before the period
    assert "Looked for positions of MMSI 299000001 at Port Sim (SIMPT)" in said
    assert "hash verified" in said
    assert "Evidenced (" not in said
    away = evaluate(replace(asked, of=replace(asked.of, since=hour(0), until=hour(6))), data([], TRACK, SPOT))
    none = text(check(claim_page(claim(), asked, away, stamp=STAMP, track=TRACK).html))
    assert "No report of the period shows it there." in none


def test_an_open_event_is_drawn_to_where_the_ship_was_last_heard() -> None:
    measures = {"confidence_level": 4, "stop_seen": True, "departure_earliest": times.iso(hour(60))}
    page, _ = make(events=[event(start=48, end=None, measures=measures)])
    closed, _ = make(events=[event(start=48, end=60, measures=measures)])
    bar = re.compile(r'<rect class="bar event"[^>]*>')
    assert bar.findall(page.html) == bar.findall(closed.html)
