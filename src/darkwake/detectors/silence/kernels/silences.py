"""Candidates for gaps: stretches in which nothing at all was heard of an established segment's ship."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from darkwake.ais.schema import TIMESTAMP
from darkwake.jit import kernel
from darkwake.tracks.build import CLASS_B_TYPES
from darkwake.tracks.columns import Floats, Ints, floats, instants, ints, last_spans
from darkwake.tracks.reception_kernels import paces_around
from darkwake.tracks.segments import FEW
from darkwake.tracks.statics import ALIVE_US

#: Instead of a segment: none is known to have sent it; one of several that were heard around then did.
NOBODY, ANY = -1, -2
_SPAN = ("source", "span_offset", "span_length")
COLUMNS = ("mmsi", "segment", "time", "type", "payload_key", "lon", "lat", "sog_knots", *_SPAN)
#: What was heard of the same ships without a position: of HEARD, and of STATICS.
BESIDE = {
    "heard": ("mmsi", "segment", "time", "payload_key", *_SPAN),
    "statics": ("mmsi", "segment", "time", "payload_key", "source", "spans"),
}
_SIDE: tuple[tuple[str, pa.DataType], ...] = (
    ("time", TIMESTAMP), ("lon", pa.float64()), ("lat", pa.float64()), ("sog_knots", pa.float32()),
)  # fmt: skip
PACE = ("slow", "pace", "known", "slower")
#: One row per silence: when it begins and ends (null: not yet), with the reports at both ends, of whatever kind; how
#: many reports came in it that she or another ship under the number may have sent; the last position before and the
#: next one after (null if none yet); the ship's usual speed, and the pace of positions on both sides (see
#: `tracks.reception_kernels.paces_around`).
CANDIDATES = pa.schema(
    [
        ("mmsi", pa.int32()), ("segment", pa.int64()), ("class_b", pa.bool_()), ("usual_knots", pa.float64()),
        ("start", TIMESTAMP), ("end", TIMESTAMP), ("payload_key", pa.int64()), ("unsure", pa.int64()),
        *[(f"{end}_{name}", kind) for end in ("first", "last") for name, kind in zip(
            _SPAN, (pa.string(), pa.int64(), pa.int32()), strict=True)],
        *[(f"{side}_{name}", kind) for side in ("before", "after") for name, kind in _SIDE],
        *[(f"{side}_{name}", pa.float64()) for side in ("before", "after") for name in PACE],
    ]
)  # fmt: skip


def silences(table: pa.Table, arguments: Mapping[str, Any]) -> pa.Table:
    """Kernel: tracks sorted by (mmsi, segment, time), whole vessels, to CANDIDATES.

    Arguments: `min_gap_us`, `min_reports` of the segment on each side, `data_end_us`, and BESIDE.
    """
    segment, moments, mmsi = ints(table["segment"]), instants(table["time"]), ints(table["mmsi"])
    starts, before = find_silences(segment, moments, arguments["min_gap_us"])
    ends = np.append(starts[1:], len(segment)) - 1 if len(starts) else starts
    owner = np.searchsorted(starts, before, side="right") - 1
    firm = np.minimum(before - starts[owner] + 1, ends[owner] - before) >= arguments["min_reports"]
    before, owner = before[firm], owner[firm]
    after = before + 1
    if len(starts):
        last = _open_ends(starts, ends, mmsi, moments, arguments)
        before = np.concatenate([before, ends[last]])
        after = np.concatenate([after, np.full(len(last), -1)])
        owner = np.concatenate([owner, last])
    other = _without_position(arguments)
    until = np.where(after < 0, arguments["data_end_us"], moments[after])
    low, high = (np.searchsorted(ints(other["mmsi"]), mmsi[before], side) for side in ("left", "right"))
    whose = _owners(other, mmsi, moments, starts, ends)
    which, opens, closes, unsure = stretches(
        segment[before], moments[before], until, low, high, whose, instants(other["time"]), arguments["min_gap_us"]
    )
    before, after, owner = before[which], after[which], owner[which]
    usual = np.full(len(starts), np.nan)
    sog_knots = floats(table["sog_knots"])
    if len(wanted := np.unique(owner)):
        usual[wanted] = usual_speeds(starts[wanted], ends[wanted], sog_knots)
    facts, slower = paces_around(moments, sog_knots, starts[owner], ends[owner], before, after)
    first, second = pa.array(before), pa.array(after, mask=after < 0)
    both = pa.concat_tables([table.select(list(_END)), other.select(list(_END))])
    begin = pa.array(np.where(opens < 0, before, len(segment) + opens))
    end = pa.array(np.where(closes < 0, after, len(segment) + closes), mask=(closes < 0) & (after < 0))
    columns: dict[str, Any] = {
        "mmsi": table["mmsi"].take(first),
        "segment": table["segment"].take(first),
        "class_b": pa.array(np.isin(ints(table["type"].take(first)), CLASS_B_TYPES)),
        "usual_knots": pa.array(usual[owner], from_pandas=True),
        "start": both["time"].take(begin),
        "end": both["time"].take(end),
        "payload_key": both["payload_key"].take(begin),
        "unsure": unsure,
    }
    columns |= {f"first_{name}": both[name].take(begin) for name in _SPAN}
    columns |= {f"last_{name}": both[name].take(end) for name in _SPAN}
    for name, _ in _SIDE:
        columns[f"before_{name}"] = table[name].take(first)
        columns[f"after_{name}"] = table[name].take(second)
    for k, side in enumerate(("before", "after")):
        columns |= {f"{side}_{name}": facts[:, k, j] for j, name in enumerate(PACE[:3])}
        columns[f"{side}_slower"] = slower[:, k]
    return pa.table(columns).select(CANDIDATES.names).cast(CANDIDATES)


_END = ("time", "payload_key", *_SPAN)


def _without_position(arguments: Mapping[str, Any]) -> pa.Table:
    """What was heard of the ships without a position, by (mmsi, time)."""
    statics = arguments["statics"]
    offset, length = last_spans(statics["spans"])
    statics = statics.drop_columns(["spans"]).append_column("span_offset", pa.array(offset))
    statics = statics.append_column("span_length", pa.array(length.astype(np.int32)))
    heard = arguments["heard"]
    rows = pa.concat_tables([heard, statics.select(heard.column_names).cast(heard.schema)])
    order = np.lexsort([ints(rows[name]) for name in ("payload_key", "time", "mmsi")])
    return rows.take(pa.array(order))


def _owners(other: pa.Table, mmsi: Ints, moments: Ints, starts: Ints, ends: Ints) -> Ints:
    """The segment of each report without a position; if none is known, ANY where several ships were heard around it."""
    whose, number, sent_us = ints(other["segment"], NOBODY).copy(), ints(other["mmsi"]), instants(other["time"])
    size = ends - starts + 1
    rows = np.flatnonzero(whose == NOBODY)
    for each in np.unique(number[rows]):
        own = np.flatnonzero(mmsi[starts] == each)
        own = own[(size[own] > FEW) | (size[own].max(initial=0) <= FEW)]
        if len(own) < 2:
            continue
        heard_us = np.sort(np.concatenate([moments[starts[k] : ends[k] + 1] for k in own]))
        at = rows[number[rows] == each]
        after = np.searchsorted(heard_us, sent_us[at])
        sides = [heard_us[np.clip(k, 0, len(heard_us) - 1)] for k in (after - 1, after)]
        near = np.minimum(*(np.abs(side - sent_us[at]) for side in sides)) <= ALIVE_US
        whose[at[near]] = ANY
    return whose


def _open_ends(starts: Ints, ends: Ints, mmsi: Ints, moments: Ints, arguments: Mapping[str, Any]) -> Ints:
    """Segments that fell silent for good: long enough ago, no stray, and no later segment of the number took over.

    One that began shortly before their end may have: where two ships could have sent the same, segments end.
    """
    ship = mmsi[starts]
    groups = np.flatnonzero(np.concatenate([[True], ship[1:] != ship[:-1]]))
    size = ends - starts + 1
    largest = np.repeat(np.maximum.reduceat(size, groups), np.diff(np.append(groups, len(ship))))
    stray = (size <= FEW) & (largest > FEW)
    latest = np.maximum.reduceat(np.where(stray, np.iinfo(np.int64).min, moments[starts]), groups)
    latest_start = np.repeat(latest, np.diff(np.append(groups, len(ship))))
    silent = arguments["data_end_us"] - moments[ends] > arguments["min_gap_us"]
    firm = ~stray & (size >= arguments["min_reports"])
    alone = (moments[starts] == latest_start) | (latest_start <= moments[ends] - ALIVE_US)
    return np.flatnonzero(silent & firm & alone & (latest_start <= moments[ends]))


@kernel
def stretches(
    segment: Ints, start: Ints, end: Ints, low: Ints, high: Ints, other_segment: Ints, other_us: Ints, min_gap_us: int
) -> tuple[Ints, Ints, Ints, Ints]:  # pragma: no cover - compiled
    """What is left of silences between positions, where reports without one came: the parts longer than `min_gap_us`.

    Per silence its segment, start, end, and the range of the number's other reports (by time; NOBODY's are taken for
    hers; ANY's end no silence). Returns per part the silence, the other reports at its start and its end (−1: the
    position there), and how many of ANY's came in it.
    """
    most = len(start)
    for k in range(len(start)):
        most += high[k] - low[k]
    which, opens, closes = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    unsure = np.empty(most, np.int64)
    found = 0
    for k in range(len(start)):
        last_us = start[k]
        opened = -1
        doubtful = 0
        first = low[k] + np.searchsorted(other_us[low[k] : high[k]], start[k], side="right")
        for i in range(first, high[k]):
            if other_us[i] >= end[k]:
                break
            if other_segment[i] == ANY:
                doubtful += 1
            if other_segment[i] != NOBODY and other_segment[i] != segment[k]:
                continue
            if other_us[i] - last_us > min_gap_us:
                which[found], opens[found], closes[found], unsure[found] = k, opened, i, doubtful
                found += 1
            last_us = other_us[i]
            opened = i
            doubtful = 0
        if end[k] - last_us > min_gap_us:
            which[found], opens[found], closes[found], unsure[found] = k, opened, -1, doubtful
            found += 1
    return which[:found], opens[:found], closes[:found], unsure[:found]


@kernel
def find_silences(segment: Ints, time_us: Ints, min_gap_us: int) -> tuple[Ints, Ints]:  # pragma: no cover - compiled
    """First row of each segment, and each row that a silence longer than `min_gap_us` follows inside its segment."""
    n = len(segment)
    segments = 0
    gaps = 0
    for i in range(1, n):
        if segment[i] != segment[i - 1]:
            segments += 1
        elif time_us[i] - time_us[i - 1] > min_gap_us:
            gaps += 1
    starts = np.zeros(min(n, segments + 1), np.int64)
    before = np.empty(gaps, np.int64)
    segments = 1
    gaps = 0
    for i in range(1, n):
        if segment[i] != segment[i - 1]:
            starts[segments] = i
            segments += 1
        elif time_us[i] - time_us[i - 1] > min_gap_us:
            before[gaps] = i - 1
            gaps += 1
    return starts, before


@kernel
def usual_speeds(first: Ints, last: Ints, sog_knots: Floats) -> Floats:  # pragma: no cover - compiled
    """Speed that a segment stays under in 95 of 100 reports, to the knot above; NaN where none was sent."""
    out = np.full(len(first), np.nan)
    for k in range(len(first)):
        counts = np.zeros(104, np.int64)
        total = 0
        for i in range(first[k], last[k] + 1):
            speed = sog_knots[i]
            if speed >= 0.0 and speed < 103.0:
                counts[int(np.ceil(speed))] += 1
                total += 1
        if total:
            seen = 0
            knots = 0
            while seen + counts[knots] < 0.95 * total:
                seen += counts[knots]
                knots += 1
            out[k] = knots
    return out
