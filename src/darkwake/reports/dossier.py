"""The dossier of one MMSI: what was sent under it and what was inferred, on one page that loads nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from darkwake import refs, times
from darkwake.answers import sentences, words
from darkwake.answers.sentences import Need
from darkwake.answers.windows import chain_count, heard, instants
from darkwake.detectors import registry
from darkwake.detectors.base import values_of
from darkwake.detectors.coverage import Coverage
from darkwake.events.model import Event
from darkwake.places.learned import Shares
from darkwake.reports import chart, identity, timeline
from darkwake.reports.cards import Card, cards, is_simulated, methods
from darkwake.reports.exhibits import Exhibits, Opener, finished
from darkwake.reports.mid import claimed_flag
from darkwake.reports.render import Page, Stamp, page, percent, when
from darkwake.tracks.rests import LEAST_H

_SEGMENTS_SHOWN = 40


def dossier(
    mmsi: int,
    *,
    track: pa.Table,
    statics: pa.Table,
    segments: pa.Table,
    events: Sequence[Event],
    stamp: Stamp,
    opener: Opener | None = None,
    land: chart.Land | None = None,
    places: Mapping[str, str] | None = None,
    detected: Mapping[str, str] | None = None,
    looked: Mapping[str, Coverage] | None = None,
    still: Shares | None = None,
    simulated: bool | None = None,
) -> Page:
    """The page. `detected`: kind → definition, of the detectors that ran; `looked`: kind → in which data it was looked
    for; `places`: code → name; `still`: in which places it lay still.

    `track`, `statics`, `segments` hold the rows of this MMSI in the shapes of `lake.schema`; retracted events are
    left out. `simulated` None: decided by the names that were sent.
    """
    exhibits = Exhibits(opener, track)
    standing = [event for event in events if event.state != "retracted"]
    fields = [_with_exhibits(field, exhibits) for field in identity.identity(statics)]
    items = cards(standing, exhibits, places or {}, mmsi)
    names = identity.names(statics)
    runs = _segments(segments, track, exhibits)
    marks = [_mark(item) for item in items if item.event.lon is not None]
    opened = exhibits.opened()
    if simulated is None:
        simulated = is_simulated(names)
    html = page(
        "dossier.html.j2",
        stamp=stamp,
        simulated=simulated,
        mmsi=f"{mmsi:09d}",
        names=names,
        flag=claimed_flag(mmsi),
        summary=_summary(track, segments, items, stamp),
        fields=fields,
        voyage=identity.voyage(statics),
        map=chart.draw(track, marks, land, f"Track of MMSI {mmsi:09d}", simulated=simulated),
        map_note=_map_note(track, land),
        timeline=_timeline(track, items, stamp),
        items=items,
        empty=_empty(items, looked or {}, track, stamp),
        coverage=_coverage(track, stamp),
        still=_still(still),
        segments=runs,
        more_segments=max(0, segments.num_rows - _SEGMENTS_SHOWN),
        methods=methods(standing, detected or {}),
        exhibits=opened,
        opened=opener is not None,
    )
    return finished(html, opened)


def _with_exhibits(field: identity.Field, exhibits: Exhibits) -> dict[str, Any]:
    values = [{**_as_dict(v), "exhibit": exhibits.cite(v.ref) if v.ref else None} for v in field.values]
    return {"label": field.label, "values": values}


def _as_dict(value: identity.Sent) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


def _mark(item: Card) -> chart.Mark:
    event = item.event
    assert event.lon is not None
    assert event.lat is not None
    label = f"{item.noun}, {when(event.start)}"
    return chart.Mark(item.number, event.lon, event.lat, label, f"e{item.number}")


def _have(track: pa.Table, stamp: Stamp) -> set[Need]:
    found = {Need.DATA: stamp.data_hours > 0, Need.VESSEL: track.num_rows > 0}
    return {need for need, is_so in found.items() if is_so}


def _summary(track: pa.Table, segments: pa.Table, items: Sequence[Card], stamp: Stamp) -> str:
    kinds: dict[str, int] = {}
    for item in items:
        kinds[item.event.kind] = kinds.get(item.event.kind, 0) + 1
    counted = ", ".join(f"{n} {words.noun(kind, n)}" for kind, n in sorted(kinds.items())) or "no events"
    strays = segments["end_reason"].to_pylist().count("stray")
    parts = [_number(segments.num_rows - strays, "segment"), *([_number(strays, "stray")] if strays else [])]
    return sentences.HEARD.say(
        _have(track, stamp),
        positions=_number(track.num_rows, "position"),
        segments=" and ".join(parts),
        counted=counted,
        **_hours(track, stamp),
    )


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _hours(track: pa.Table, stamp: Stamp) -> dict[str, str]:
    """When the vessel was heard, and in how many of the hours in which anybody was, as sentences name it."""
    moments = instants(track)
    hours = len(np.unique(moments // times.HOUR_US))
    share = min(1.0, hours / stamp.data_hours) if stamp.data_hours else None
    ends = (int(moments.min()), int(moments.max())) if len(moments) else (None, None)
    return {
        "first": "no time" if ends[0] is None else when(ends[0]),
        "last": "no time" if ends[1] is None else when(ends[1]),
        "hours": f"{hours:,}",
        "heard_hours": words.hours_counted(hours),
        "of_hours": words.hours_counted(stamp.data_hours),
        "share": percent(share),
    }


def _coverage(track: pa.Table, stamp: Stamp) -> str:
    own = percent(heard(track, None, None).coverage)
    text = sentences.SHARE.say(_have(track, stamp), own_share=own, **_hours(track, stamp))
    ships = chain_count(track)
    if ships > 1:
        text += f" At times segments overlap: at least {ships} transmitters used this number at once."
    return text


def _still(still: Shares | None) -> str:
    """How much of what it did in port could not be told, because the port is not known."""
    if still is None or not (count := still.known + still.learned + still.beyond):
        return ""
    parts = [f"{still.known} in known ports or anchorages"]
    parts += [f"{still.learned} in learned ones, which nobody has looked at yet"] if still.learned else []
    parts += [f"{still.beyond} in none that is known: no call there is told"] if still.beyond else []
    times_ = "once" if count == 1 else f"{count} times"
    return f"It lay still for {LEAST_H:g} h or more {times_}: {', '.join(parts)}."


def _map_note(track: pa.Table, land: chart.Land | None) -> str:
    notes = [] if land is not None else ["No coast line was at hand when this page was made."]
    if len(track["segment"].unique()) > 1:
        notes.append("Segments are not joined by lines.")
    notes.append("Mercator; degrees and minutes, WGS 84.")
    return " ".join(notes)


def _timeline(track: pa.Table, items: Sequence[Card], stamp: Stamp) -> Any:
    if track.num_rows == 0:
        return None
    moments = instants(track)
    start = int(moments.min()) if stamp.data_start is None else stamp.data_start
    end = int(moments.max()) if stamp.data_end is None else stamp.data_end
    lanes: dict[str, list[timeline.Bar]] = {}
    for item in items:
        hint = f"{item.number}: {item.noun}, {when(item.event.start)}"
        bar = timeline.Bar(item.event.start, item.event.end, str(item.number), hint, f"e{item.number}")
        lanes.setdefault(item.event.kind, []).append(bar)
    ordered = [timeline.Lane(words.noun(kind, 2), bars) for kind, bars in sorted(lanes.items())]
    return timeline.draw(moments, start, end, ordered, with_data=stamp.with_data)


def _empty(items: Sequence[Card], looked: Mapping[str, Coverage], track: pa.Table, stamp: Stamp) -> list[str]:
    """What was looked for and not found is said as plainly as what was found; what was not looked for, too."""
    if not looked:
        return [] if items else ["No events are recorded for this MMSI, and nothing was looked for."]
    found = {item.event.kind for item in items}
    told = {True: [], False: []}  # type: dict[bool, list[str]]
    for kind in sorted(kind for kind in set(looked) - found if looked[kind].complete):
        declared, values = registry.kind(kind), values_of(registry.get(kind))
        told[declared.observed].append(f"{declared.noun} {declared.at_least.format(**values)}".rstrip())
    parts = [f"no {_or(told[True])} was observed"] if told[True] else []
    parts += [f"no {_or(told[False])} was inferred"] if told[False] else []
    lines = []
    if parts:
        spoken = " and ".join(parts)
        ends = {"first": words.moment(stamp.data_start), "last": words.moment(stamp.data_end)}
        given = _hours(track, stamp) | ends | {"kinds": f"N{spoken[1:]}", "nouns": _or([*told[True], *told[False]])}
        have = {*_have(track, stamp), Need.LOOKED}
        lines.append(sentences.NOT_FOUND.say(have, **given))
    for kind, known in sorted(looked.items()):
        if not known.complete:
            why = "; ".join(dict.fromkeys(missing.text for missing in known.missing))
            lines.append(sentences.STALE.say((), nouns=words.noun(kind, 2), why=why))
    return lines


def _or(nouns: Sequence[str]) -> str:
    return nouns[0] if len(nouns) == 1 else f"{', '.join(nouns[:-1])} or {nouns[-1]}"


def _segments(segments: pa.Table, track: pa.Table, exhibits: Exhibits) -> list[dict[str, Any]]:
    """The first segments in time, each with its first and last report as evidence: that it was heard then and there."""
    rows = segments.sort_by("start").slice(0, _SEGMENTS_SHOWN).to_pylist()
    reasons = {"end_of_data": "end of the data", "ambiguous": "ambiguity", "overlap": "overlap with another"}
    return [
        {
            "id": f"{row['segment']:012x}",
            "start": times.from_datetime(row["start"]),
            "end": times.from_datetime(row["end"]),
            "positions": row["positions"],
            "class_b": row["class_b"],
            "end_reason": reasons.get(row["end_reason"], row["end_reason"] or "not known"),
            "cited": exhibits.cite_refs(_ends(track, row["segment"])),
        }
        for row in rows
    ]


def _ends(track: pa.Table, segment: int) -> list[str]:
    """References to the first and the last report of a segment."""
    own = track.filter(pc.equal(track["segment"], segment)).sort_by("time")
    picked = [own.slice(row, 1).to_pylist()[0] for row in sorted({0, own.num_rows - 1}) if own.num_rows]
    return [str(refs.source_ref(row["source"], [(row["span_offset"], row["span_length"])])) for row in picked]
