"""The page of one claim: its words, what the data say to them, the evidence down to the bytes, and the replies."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from darkwake import refs, times
from darkwake.answers import sentences, words
from darkwake.answers.evaluate import OUTCOME_WORDS, Outcome, Verdict
from darkwake.answers.looked import looked, looked_at
from darkwake.answers.occurrences import Occurrence
from darkwake.answers.presence import Stay
from darkwake.answers.query import Filter, Present, Query, Within, filters, to_json
from darkwake.answers.sentences import Need
from darkwake.answers.windows import Fit, instants
from darkwake.casebook.models import Claim, Evaluation, Reply, Source
from darkwake.detectors.coverage import TRACK
from darkwake.reports import chart, timeline
from darkwake.reports.cards import Card, cards, methods
from darkwake.reports.exhibits import Cited, Exhibits, Opener, finished
from darkwake.reports.render import Page, Stamp, duration, page, percent, when

_WINDOWS_SHOWN = 60
_YEAR_US = 366 * times.DAY_US
_TONES: dict[Outcome, tuple[str, str]] = {
    "supported": ("good", "✓"),
    "contradicted": ("bad", "✗"),
    "not_enough_data": ("open", "?"),
}
_OUTCOME_NOTES: dict[Outcome, str] = {
    "supported": "The data bear this out, whatever happened unheard. They do not say why, or by whose will.",
    "contradicted": "Under the assumptions below, the data leave no room for it.",
    "not_enough_data": "Within this bound the claim may be so, and it may not be so.",
}
_REPLIES = {
    "denial": "denial",
    "reply": "reply",
    "correction": "correction",
    "no_reply": "no reply received",
    "asked": "asked for comment",
}


@dataclass(frozen=True, slots=True)
class Row:
    """An occurrence in a table: the number of its first event and the evidence of all of them."""

    number: int
    start: int
    end: int | None
    place: str
    brief: str
    cited: Cited
    why: str  # why it is possible at most; empty if it is evidenced


def claim_page(
    claim: Claim,
    query: Query | None,
    verdict: Verdict | None,
    *,
    stamp: Stamp,
    track: pa.Table | None = None,
    opener: Opener | None = None,
    land: chart.Land | None = None,
    places: Mapping[str, str] | None = None,
    definitions: Mapping[str, str] | None = None,
    simulated: bool = False,
) -> Page:
    """The page. `query` and `verdict` are None for a claim that is words alone; `track` is the named vessel's."""
    names = places or {}
    exhibits = Exhibits(opener, track)
    counted = verdict.counted if verdict else ()
    apart = verdict.apart if verdict else ()
    events = [event for occurrence in (*counted, *apart) for event in occurrence.events]
    mmsi = query.of.mmsi if query else None
    items = cards(events, exhibits, names, mmsi)
    stays = [_stay(stay, exhibits) for stay in (*verdict.stays, *verdict.stays_apart)] if verdict else []
    by_id = {item.event.id: item for item in items}
    opened = exhibits.opened()
    drawing = _pictures(query, verdict, items, by_id, track, land, stamp, simulated)
    html = page(
        "claim.html.j2",
        stamp=stamp,
        simulated=simulated,
        withdrawal=claim.withdrawal,
        claim=claim,
        sources=[_source(source) for source in claim.sources],
        erasures=claim.erasures,
        question=words.query(query, names) if query else "",
        query=json.dumps(to_json(query), indent=2) if query else "",
        verdict=verdict,
        outcome=OUTCOME_WORDS[verdict.outcome].capitalize() if verdict else "",
        tone=_TONES[verdict.outcome][0] if verdict else "",
        symbol=_TONES[verdict.outcome][1] if verdict else "",
        outcome_note=_OUTCOME_NOTES[verdict.outcome] if verdict else "",
        looked=_looked(query, verdict, names) if query and verdict else [],
        present=isinstance(query, Present),
        stays=stays,
        coverage=_coverage(query, verdict, stamp),
        counted=[_row(occurrence, by_id) for occurrence in counted],
        apart=[_row(occurrence, by_id) for occurrence in apart],
        apart_note=_apart_note(query),
        no_silence=_no_silence(query, verdict),
        windows=[_window(f) for f in (verdict.possible if verdict else ())[:_WINDOWS_SHOWN]],
        more_windows=_more_windows(verdict),
        items=items,
        replies=[_reply(reply) for reply in claim.replies],
        history=[_run(evaluation) for evaluation in claim.evaluations],
        methods=methods(events, definitions or {}),
        exhibits=opened,
        opened=opener is not None,
        **drawing,
    )
    return finished(html, opened)


def _coverage(query: Query | None, verdict: Verdict | None, stamp: Stamp) -> str:
    """In how many hours of the period the vessel was heard, of those in which anybody was."""
    if query is None or verdict is None or verdict.heard is None:
        return "Coverage is not known, because no vessel is named or its track is not at hand."
    start = stamp.data_start if query.of.since is None else query.of.since
    end = stamp.data_end if query.of.until is None else query.of.until
    of_hours = 0 if start is None or end is None else stamp.hours_with_data(start, end)
    if of_hours == 0:
        return sentences.NO_DATA.say(())
    hours = min(verdict.heard.hours, of_hours)
    have = {*verdict.have, Need.DATA}
    return sentences.COVERAGE.say(
        have, hours=f"{hours:,}", of_hours=words.hours_counted(of_hours), share=percent(hours / of_hours)
    )


def _no_silence(query: Query | None, verdict: Verdict | None) -> str:
    if verdict is None:
        return ""
    what = "it" if isinstance(query, Present) else "another one"
    return sentences.NO_SILENCE.say(set() if verdict.upper is None else verdict.have, what=what)


def _apart_note(query: Query | None) -> str:
    beside = " had nothing beside them in the data, or" if isinstance(query, Within) else ""
    return (
        f"These{beside} are not evidenced in the way that the claim asks for. They raise the upper bound, not the "
        "lower; why stands beside each."
    )


def _row(occurrence: Occurrence, by_id: Mapping[str, Card]) -> Row:
    members = [by_id[event.id] for event in occurrence.events]
    shown = tuple(dict.fromkeys(number for member in members for number in member.cited.shown))
    more = sum(member.cited.more for member in members)
    first = members[0]
    why = "; ".join(occurrence.why)
    return Row(first.number, occurrence.start, occurrence.end, first.place, first.brief, Cited(shown, more), why)


def _stay(stay: Stay, exhibits: Exhibits) -> dict[str, Any]:
    return {
        "start": stay.start,
        "end": stay.end,
        "reports": stay.reports,
        "inside": stay.inside,
        "segment": str(refs.SegmentRef(stay.segment)),
        "cited": exhibits.cite_refs(stay.evidence),
        "why": stay.why,
    }


def _looked(query: Query, verdict: Verdict, names: Mapping[str, str]) -> list[str]:
    """What was looked for, where and when: one sentence for each kind of event, or for positions."""
    if isinstance(query, Present):
        of = query.of
        return [looked_at(of, words.where(of, names), verdict.coverage_of.get(TRACK), verdict.feeds)]
    told = {}
    for given in filters(query):
        known = verdict.coverage_of.get(given.kind) if isinstance(given, Filter) else None
        if known is not None and known.kind not in told:
            told[known.kind] = looked(known, f"of {words.vessel(given)} {words.where(given, names)}", verdict.feeds)
    return list(told.values())


def _window(given: Fit) -> dict[str, str]:
    window = given.window
    return {
        "start": when(window.start) if window.start is not None else "before any report",
        "end": when(window.end) if window.end is not None else "after all reports",
        "length": duration(window.start, window.end) if window.start and window.end else "open",
        "why": window.why,
        "room": "no bound" if given.count is None else str(given.count),
    }


def _more_windows(verdict: Verdict | None) -> str:
    rest = (verdict.possible if verdict else ())[_WINDOWS_SHOWN:]
    if not rest:
        return ""
    room = sum(f.count or 0 for f in rest)
    return f"{len(rest)} more such stretches, with room for {room} in all, are not listed here."


def _reply(reply: Reply) -> dict[str, Any]:
    return {
        "label": _REPLIES.get(reply.kind, reply.kind),
        "party": reply.party,
        "date": words.moment(reply.said_on) if reply.said_on is not None else "date unknown",
        "source": reply.source,
        "words": reply.words,
    }


def _run(evaluation: Evaluation) -> dict[str, Any]:
    outcome = evaluation.outcome
    return {
        "as_of": evaluation.as_of,
        "recorded_at": evaluation.recorded_at,
        "outcome": outcome.replace("_", " "),
        "words": str(evaluation.verdict.get("words", "")) + _withdrawn(evaluation),
        "software": evaluation.software,
    }


def _withdrawn(evaluation: Evaluation) -> str:
    """That imports which were part of the data of an earlier run do not stand any more."""
    gone = evaluation.withdrawn_since
    if not gone:
        return ""
    listed = ", ".join(map(str, gone))
    which = f"import {listed}, which was" if len(gone) == 1 else f"imports {listed}, which were"
    return f" The data it was run on held {which} withdrawn since."


def _source(source: Source) -> dict[str, Any]:
    """Who makes the claim, where and when, in a sentence."""
    first, last = source.published_from, source.published_to
    if first is None and last is None:
        published = "date of publication not recorded"
    elif first == last:
        published = f"published {words.moment(first)}"
    else:
        published = f"published between {words.moment(first)} and {words.moment(last)}"
    return {
        "by": source.asserted_by, "published": published, "source": source.source, "words": source.words,
        "number": source.number, "recorded_at": source.recorded_at,
    }  # fmt: skip


def _pictures(
    query: Query | None,
    verdict: Verdict | None,
    items: Sequence[Card],
    by_id: Mapping[str, Card],
    track: pa.Table | None,
    land: chart.Land | None,
    stamp: Stamp,
    simulated: bool,
) -> dict[str, Any]:
    """Map and timeline of the period, where the vessel's track is at hand."""
    if query is None or verdict is None or track is None or track.num_rows == 0:
        return {"map": None, "map_note": "", "timeline": None}
    moments = instants(track)
    # A period may be open, or reach to the year 9999: no more of it is drawn than a year beyond the data.
    first, last = int(moments.min()), int(moments.max())
    start = first if query.of.since is None else max(query.of.since, first - _YEAR_US)
    end = last if query.of.until is None else min(query.of.until, last + _YEAR_US)
    if end < start:
        return {"map": None, "map_note": "", "timeline": None}
    inside = track.filter(pa.array((moments >= start) & (moments < end)))
    marks = [
        chart.Mark(i.number, i.event.lon, i.event.lat, f"{i.noun}, {when(i.event.start)}", f"e{i.number}")
        for i in items
        if i.event.lon is not None and i.event.lat is not None
    ]
    note = "" if land is not None else "No coast line was at hand when this page was made. "
    lanes = [
        timeline.Lane("counted", [_bar(o, by_id) for o in verdict.counted]),
        timeline.Lane("was there", [_stay_bar(stay) for stay in verdict.stays]),
        timeline.Lane("possible at most", [_bar(o, by_id) for o in verdict.apart], "apart"),
        timeline.Lane("contradicted", [_stay_bar(stay) for stay in verdict.stays_apart], "apart"),
        timeline.Lane("could be missed", [_gap_bar(f, start, end) for f in verdict.possible], "window"),
    ]
    return {
        "map": chart.draw(inside, marks, land, "Track in the period of the claim", simulated=simulated),
        "map_note": note + "Mercator; degrees and minutes, WGS 84.",
        "timeline": timeline.draw(
            moments, start, end, [lane for lane in lanes if lane.bars], with_data=stamp.with_data
        ),
    }


def _bar(occurrence: Occurrence, by_id: Mapping[str, Card]) -> timeline.Bar:
    number = by_id[occurrence.ids[0]].number
    hint = f"{number}: {when(occurrence.start)}"
    # what is open ends, in a picture, where the ship was last heard
    return timeline.Bar(occurrence.start, occurrence.last_seen, str(number), hint, f"e{number}")


def _stay_bar(stay: Stay) -> timeline.Bar:
    return timeline.Bar(stay.start, stay.end, "", f"{when(stay.start)} to {when(stay.end)}: {stay.reports} reports")


def _gap_bar(given: Fit, start: int, end: int) -> timeline.Bar:
    window = given.window
    room = "no bound" if given.count is None else f"room for {given.count}"
    began = start if window.start is None else max(window.start, start)
    ended = end if window.end is None else min(window.end, end)
    return timeline.Bar(began, max(ended, began), f"{given.count}" if given.count else "", f"{window.why}: {room}")
