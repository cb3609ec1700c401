"""Counting over the world: what is evidenced, what is doubtful, and what could have gone unheard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from darkwake.answers import words
from darkwake.answers.occurrences import Left, Occurrence, distinct, select
from darkwake.answers.query import Filter
from darkwake.answers.windows import (
    DEFAULTS,
    Anywhere,
    Assumptions,
    Box,
    Fit,
    Heard,
    Target,
    Window,
    chain_count,
    distance_m,
    fit,
    heard,
    instants,
    windows_of,
)
from darkwake.events.base import Event

_LEFT_M = 10_000.0  # heard farther away than this: the ship has left the place


@dataclass(frozen=True, slots=True)
class Data:
    """What a query runs on.

    `events`: of the kinds it names, in their standing versions. `track`: TRACKS columns (`mmsi`, `segment`, `time`,
    `lon`, `lat`) of the vessel it names, also outside the period; None if not at hand. `target`: where its place is.
    `detected`: whether the detectors of these kinds ran at all. `would_have_seen`: probability that an occurrence
    would have left a trace, where a reception model says so. `unknown_waters_h`: hours of the period in which the
    vessel was heard near a coast where no port is known.
    """

    events: Sequence[Event]
    track: pa.Table | None = None
    target: Target | None = None
    detected: bool = True
    would_have_seen: float | None = None
    unknown_waters_h: int = 0


@dataclass(frozen=True, slots=True)
class Counted:
    """Occurrences that meet a filter, those kept apart for doubt, and where more could have gone unheard."""

    sure: tuple[Occurrence, ...]
    apart: tuple[Occurrence, ...]
    possible: tuple[Fit, ...]
    heard: Heard | None
    bounded: bool  # whether `possible` is all there can be
    assumptions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def lower(self) -> int:
        return len(self.sure)

    @property
    def upper(self) -> int | None:
        fits = [f.count for f in self.possible]
        if not self.bounded or None in fits:
            return None
        return len(self.sure) + len(self.apart) + sum(count or 0 for count in fits)


def count(given: Filter, data: Data, assumptions: Assumptions | None = None) -> Counted:
    """Distinct occurrences of a filter and the windows in which more could have gone unheard."""
    track = _own(given, data.track)
    left = _left(given, track)
    everything = replace(given, since=None, until=None)  # stays that reach into the period shape the windows
    sure, doubtful = select(everything, data.events)
    known_sure, known_apart = distinct(sure, left), distinct(doubtful, left)
    known_apart = [d for d in known_apart if not any(_overlap(d, s) for s in known_sure)]
    inside = [tuple(o for o in known if _in_period(given, o)) for known in (known_sure, known_apart)]
    base = Counted(inside[0], inside[1], (), None, bounded=False)
    if track is None:
        note = (
            "No vessel is named, so ships that were never heard cannot be bounded from above."
            if given.vessel is None
            else "The vessel's track is not at hand, so there is no upper bound."
        )
        return replace(base, notes=(note,))
    base = replace(base, heard=heard(track, given.since, given.until))
    if given.kind not in DEFAULTS:
        note = f"How many {words.noun(given.kind, 2)} could have gone unheard is not known: there is no upper bound."
        return replace(base, notes=(note,))
    if given.kind == "port_call" and given.place is None and data.unknown_waters_h:
        note = (
            f"In {data.unknown_waters_h} h the vessel was heard near a coast where no port is known here: calls there "
            "would not be seen. There is no upper bound. Ports can be added with: darkwake place import"
        )
        return replace(base, notes=(note,))
    assumed = assumptions or DEFAULTS[given.kind]
    target = data.target or (Box(given.bbox) if given.bbox is not None else Anywhere())
    seen = [o for o in (*known_sure, *known_apart) if not o.within_silence]
    fits = [
        Fit(window, fit(window, target, seen, given.since, given.until, assumed))
        for window in windows_of(track, assumed.least_stay_h)
    ]
    fits = _less(fits, [o for o in inside[1] if o.within_silence])
    return replace(
        base,
        possible=tuple(f for f in fits if f.count != 0),
        bounded=True,
        assumptions=assumed.sentences(words.noun(given.kind)),
        notes=_notes(given, data, track),
    )


def _less(fits: Sequence[Fit], inferred: Sequence[Occurrence]) -> list[Fit]:
    """The fits, less one for each occurrence that was inferred from a silence and is counted already.

    Such a one is among what fits into that very silence: counted apart and as a possible one, it would count twice.
    """
    left = list(fits)
    for occurrence in inferred:
        for number, given in enumerate(left):
            if given.count and _overlaps(given.window, occurrence):
                left[number] = replace(given, count=given.count - 1)
                break
    return left


def _overlaps(window: Window, occurrence: Occurrence) -> bool:
    begun = window.end is None or occurrence.start < window.end
    return begun and (window.start is None or occurrence.end is None or occurrence.end > window.start)


def _notes(given: Filter, data: Data, track: pa.Table) -> tuple[str, ...]:
    notes = []
    if given.place is not None and data.target is None:
        notes.append(f"The position of {given.place} is not known here, so no sailing time to it was taken off.")
    ships = chain_count(track)
    if ships > 1:
        notes.append(
            f"At times at least {ships} ships used this MMSI at once. Occurrences of all of them are counted; silences "
            "of the shorter chains count only between their own first and last report."
        )
    if track.num_rows == 0:
        notes.append("The vessel was never heard in this data: the upper bound rests on the least stay alone.")
    return tuple(notes)


def _own(given: Filter, track: pa.Table | None) -> pa.Table | None:
    """The rows of the named vessel: a caller may hand in more."""
    if track is None or given.vessel is None:
        return None
    if given.segment is not None:
        return track.filter(pc.equal(track["segment"], given.segment))
    return track.filter(pc.equal(track["mmsi"], given.mmsi))


def _left(given: Filter, track: pa.Table | None) -> Left | None:
    if track is None or track.num_rows == 0:
        return None
    moment, lon, lat = instants(track), track["lon"].to_numpy(), track["lat"].to_numpy()

    def left(mmsis: frozenset[int], start: int, end: int, at_lon: float | None, at_lat: float | None) -> bool:
        if at_lon is None or at_lat is None or (given.mmsi is not None and given.mmsi not in mmsis):
            return False
        rows = ((moment > start) & (moment < end)).nonzero()[0]
        return any(distance_m(at_lon, at_lat, float(lon[row]), float(lat[row])) > _LEFT_M for row in rows)

    return left


def _in_period(given: Filter, occurrence: Occurrence) -> bool:
    after = given.since is None or occurrence.start >= given.since
    return after and (given.until is None or occurrence.start < given.until)


def _overlap(one: Occurrence, other: Occurrence) -> bool:
    return (
        one.mmsis == other.mmsis and one.place == other.place and (one.covers(other.start) or other.covers(one.start))
    )
