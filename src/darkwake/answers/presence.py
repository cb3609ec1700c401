"""Was the vessel there? Answered by its positions: seen there, room to have been there unheard, or neither."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa

from darkwake import refs, times, units
from darkwake.answers.evidenced import CONTRADICTED, Been, HeardOf, own_rows
from darkwake.answers.occurrences import FOREVER
from darkwake.answers.outline import holds
from darkwake.answers.query import Where
from darkwake.answers.windows import Box, Fit, Heard, Target, Window, columns, heard, rows_of_chains
from darkwake.detectors.coverage import Coverage
from darkwake.geo.sphere import distances_m
from darkwake.tracks.columns import ints
from darkwake.tracks.strays import strays

#: Nobody was in a place unheard who would have had to sail faster, there and back (or faster than she did).
MAX_KNOTS = 30.0
ASSUMED = (
    f"the ship makes at most {MAX_KNOTS:g} knots, in a straight line and over land if need be",
    "the ship did not go on under another MMSI",
)


@dataclass(frozen=True, slots=True)
class Stay:
    """Reports of one segment at the place, none from elsewhere between them. `why`: why it evidences nothing, if so.

    `reports` in all, `inside` of them in the asked period; `evidence`: the first and the last of those.
    """

    start: int
    end: int
    reports: int
    inside: int
    segment: int
    lon: float
    lat: float
    evidence: tuple[str, ...]
    why: str = ""


@dataclass(frozen=True, slots=True)
class Presence:
    """Stays with a report in the period, those apart for doubt, and silences in which the ship can have been there.

    `possible` is None where that cannot be said.
    """

    stays: tuple[Stay, ...]
    apart: tuple[Stay, ...]
    possible: tuple[Fit, ...] | None
    heard: Heard | None
    notes: tuple[str, ...] = ()

    @property
    def lower(self) -> int:
        return int(bool(self.stays))

    @property
    def upper(self) -> int | None:
        if self.stays or self.apart:
            return 1
        return None if self.possible is None else int(bool(self.possible))


def present(
    given: Where, all_rows: pa.Table | None, target: Target | None, reports: HeardOf, built: Coverage | None = None
) -> Presence:
    """Where the vessel's reports and silences in the period leave it. `all_rows`: TRACKS columns, also of others.

    `built`: what the tracks take account of. Where reports came since, nothing excludes her; where some were withdrawn,
    nothing shows her either.
    """
    target = target or (Box(given.bbox) if given.bbox is not None else None)
    track = own_rows(all_rows, given.mmsi, given.segment)
    if track is None or target is None:
        what = "The vessel's track" if track is None else f"The position of {given.place}"
        return Presence((), (), None, None, (f"{what} is not at hand, so nothing can be said.",))
    moment, segment, lon, lat = columns(track)
    order = np.lexsort((moment, segment))
    away = target.distances_m(lon, lat)
    at = holds(target, lon, lat, moment)
    found = _stays(given, track, order, at)
    judged = _judged(found, track, reports)
    notes = [] if track.num_rows else ["No position of the vessel is in this data."]
    for lacking in () if built is None else built.missing:
        told = f"{lacking.text[:1].upper()}{lacking.text[1:]}"
        notes.append(f"{told}: nothing is excluded before they are built anew, with: darkwake event detect")
        if lacking.why == "withdrawn_data":
            judged = [replace(stay, why=stay.why or lacking.text) for stay in judged]
    room: list[Fit] = []
    for rows in rows_of_chains(moment, segment):
        room += _unheard(given, moment[rows], lon[rows], lat[rows], away[rows], at[rows])
    if not track.num_rows:
        room = [Fit(Window(None, None, None, None, "no position at all"), 1)]
    return Presence(
        tuple(stay for stay in judged if not stay.why),
        tuple(stay for stay in judged if stay.why),
        tuple(room) if built is None or built.complete else None,
        heard(track, given.since, given.until),
        tuple(notes),
    )


def _stays(given: Where, track: pa.Table, order: np.ndarray, at: np.ndarray) -> list[Stay]:
    moment, segment, lon, lat = (column[order] for column in columns(track))
    at = at[order]
    if not at.any():
        return []
    fresh = np.concatenate([[True], (segment[1:] != segment[:-1]) | (at[1:] != at[:-1])])
    first = np.flatnonzero(fresh)
    stop = np.append(first[1:], len(at))
    inside = moment >= (-FOREVER if given.since is None else given.since)
    inside &= moment < (FOREVER if given.until is None else given.until)
    spans = [
        (a, b, rows)
        for a, b in zip(first[at[first]].tolist(), stop[at[first]].tolist(), strict=True)
        if len(rows := a + np.flatnonzero(inside[a:b]))
    ]
    ref = _refs(track, order[sorted({int(row) for _, _, rows in spans for row in (rows[0], rows[-1])})])
    found = [
        Stay(
            int(moment[a]), int(moment[b - 1]), b - a, len(rows), int(segment[a]), float(lon[rows[0]]),
            float(lat[rows[0]]),
            tuple(ref[row] for row in dict.fromkeys((int(order[rows[0]]), int(order[rows[-1]]))) if row in ref),
        )
        for a, b, rows in spans
    ]  # fmt: skip
    return sorted(found, key=lambda stay: (stay.start, stay.segment))


def _judged(stays: Sequence[Stay], track: pa.Table, reports: HeardOf) -> list[Stay]:
    if not stays:
        return []
    been = [Been(stay.segment, stay.start, stay.end, stay.lon, stay.lat) for stay in stays]
    why = reports.contradicted(int(track["mmsi"][0].as_py()), been)
    segment = ints(track["segment"], -1)
    for k in np.flatnonzero(np.isin([stay.segment for stay in stays], segment[strays(segment)])).tolist():
        why.setdefault(k, f"{CONTRADICTED}: it is a stray, a few positions that fit no ship of the number")
    return [replace(stay, why=why[k]) if k in why else stay for k, stay in enumerate(stays)]


def _refs(track: pa.Table, rows: np.ndarray) -> dict[int, str]:
    """row → the reference to its bytes, of the rows that have one."""
    if "span_offset" not in track.column_names:
        return {}
    shown = track.select(["source", "span_offset", "span_length"]).take(pa.array(rows, pa.int64())).to_pylist()
    return {
        int(row): refs.source_text(said["source"], said["span_offset"], said["span_length"])
        for row, said in zip(rows, shown, strict=True)
        if said["source"] is not None and said["span_offset"] is not None and said["span_offset"] >= 0
    }


def _unheard(
    given: Where, moment: np.ndarray, lon: np.ndarray, lat: np.ndarray, away: np.ndarray, there: np.ndarray
) -> list[Fit]:
    """Silences, in the period or over its edge, in which she can have sailed to the place and on to her next report.

    Before the first report and after the last one too. The arrays are of one chain of segments, which may be one of
    several hulls, in order of time; `there`: whether each report is at the place.
    """
    since = -FOREVER if given.since is None else given.since
    until = FOREVER if given.until is None else given.until
    per_us = units.knots_to_mps(MAX_KNOTS) / times.SECOND_US
    sail = away / per_us
    sailed = distances_m(lon[:-1], lat[:-1], lon[1:], lat[1:]) / per_us
    first, last = moment[:-1] + sail[:-1], moment[1:] - sail[1:]  # at the place from when to when
    on_her_way = sail[:-1] + sail[1:] <= sailed * 1.05  # by her own reports she was faster than that
    room = (first <= last) | on_her_way
    first, last = np.minimum(first, moment[1:]), np.maximum(last, moment[:-1])
    room &= (first < until) & (last >= since) & (moment[:-1] < until) & (moment[1:] > since)
    lay_there = there[:-1] & there[1:] & (moment[:-1] >= since) & (moment[1:] < until)
    found = [_silence(moment, lon, lat, k) for k in np.flatnonzero(room & ~lay_there).tolist()]
    if since < moment[0] and since <= moment[0] - sail[0]:
        at = float(lon[0]), float(lat[0])
        found.insert(0, Fit(Window(None, int(moment[0]), None, at, "before the first report"), 1))
    if moment[-1] + sail[-1] < until:
        at = float(lon[-1]), float(lat[-1])
        found.append(Fit(Window(int(moment[-1]), None, at, None, "after the last report"), 1))
    return found


def _silence(moment: np.ndarray, lon: np.ndarray, lat: np.ndarray, k: int) -> Fit:
    before, after = ((float(lon[row]), float(lat[row])) for row in (k, k + 1))
    return Fit(Window(int(moment[k]), int(moment[k + 1]), before, after, "silence"), 1)
