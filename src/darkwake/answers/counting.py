"""Counting over the world: what is evidenced, what is possible, and what could have gone unheard."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pyarrow as pa

from darkwake import times
from darkwake.answers import words
from darkwake.answers.evidenced import HeardOf, own_rows
from darkwake.answers.looked import not_looked
from darkwake.answers.next_door import AnyPort
from darkwake.answers.occurrences import FOREVER, Occurrence, distinct, reach_of, select
from darkwake.answers.passages import passages
from darkwake.answers.query import Filter
from darkwake.answers.windows import (
    Anywhere,
    Assumptions,
    Chain,
    Fit,
    Heard,
    Known,
    Target,
    chain_count,
    chains_of,
    fits,
    heard,
    windows_of,
)
from darkwake.detectors import registry
from darkwake.detectors.coverage import Coverage
from darkwake.events.model import Event

_BOX = "An event is told by one position, and can reach into the box though that lies outside it"


@dataclass(frozen=True, slots=True)
class Data:
    """What a query runs on.

    `events`: of the kinds it names, in their standing versions. `track`: TRACKS columns (`mmsi`, `segment`, `time`,
    `lon`, `lat`) of the vessel it names, also outside the period, and of others whose reports may contradict an event;
    None if not at hand. `target`: where its place is. `coverage`: by kind, what was looked for over the asked period;
    a kind that is not in it was not looked for. `would_have_seen`: probability that an occurrence would have left a
    trace, where a reception model says so. `unknown_waters_h`: hours of the period in which the vessel was heard near
    a coast where no port is known. `runs`: event id → the run that found its standing version. `feeds`: periods [start,
    end) of which there is any data at all, µs. `no_port`: why no call bears the code of the asked place ("": some
    do). `next_door`: the vessel's calls at ports whose waters overlap those of the asked one.
    """

    events: Sequence[Event]
    track: pa.Table | None = None
    target: Target | None = None
    coverage: Mapping[str, Coverage] = field(default_factory=dict)
    would_have_seen: float | None = None
    unknown_waters_h: int = 0
    profile: str = "default"
    runs: Mapping[str, int] = field(default_factory=dict)
    feeds: tuple[tuple[int, int], ...] = ()
    no_port: str = ""
    next_door: Sequence[Event] = ()


@dataclass(frozen=True, slots=True)
class Counted:
    """Occurrences that meet a filter, those possible at most, and where more could have gone unheard.

    `before`: those that lay over the period's opening, where what began in it is asked. Whether the claim means them
    is not for the data to say: they are told apart and contradict nothing. `at_once`: so many more there were if what
    ships that used one MMSI at once did at one place and time is not taken for one.
    """

    sure: tuple[Occurrence, ...]
    apart: tuple[Occurrence, ...]
    possible: tuple[Fit, ...]
    heard: Heard | None
    bounded: bool  # whether `possible` is all there can be
    before: tuple[Occurrence, ...] = ()
    at_once: int = 0
    assumptions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def lower(self) -> int:
        return len(self.sure)

    @property
    def most(self) -> int | None:
        """At most so many belong to the period; None: no bound."""
        rooms = [f.count for f in self.possible]
        if not self.bounded or None in rooms:
            return None
        return len(self.sure) + len(self.apart) + self.at_once + sum(room or 0 for room in rooms)

    @property
    def upper(self) -> int | None:
        """`most`, and those that lay over the period's opening."""
        return None if self.most is None else self.most + len(self.before)


def count(given: Filter, data: Data, assumptions: Assumptions | None = None, reports: HeardOf | None = None) -> Counted:
    """Distinct occurrences of a filter and the windows in which more could have gone unheard."""
    around = reports if reports is not None else HeardOf(data.track, data.coverage)
    track = own_rows(data.track, given.mmsi, given.segment)
    sure, why, doubtful = select(given, data.events, around)
    known_sure, known_apart = _known(sure, doubtful, why, around)
    base = _of_period(given, known_sure, known_apart, around)
    missing = not_looked((given.kind,), data.coverage)
    base = replace(base, notes=tuple(missing))
    if track is None:
        note = (
            "No vessel is named, so ships that were never heard cannot be bounded from above."
            if given.vessel is None
            else "The vessel's track is not at hand, so there is no upper bound."
        )
        return replace(base, notes=(*missing, note))
    base = replace(base, heard=heard(track, given.since, given.until))
    kind = registry.kind(given.kind)
    assumed = assumptions or Assumptions.of(kind)
    if assumed is None or not kind.bounded:
        told = kind.unseen or f"How many {kind.nouns} could have gone unheard is not known"
        return replace(base, notes=(*missing, f"{told}: there is no upper bound."))
    if told := data.no_port or (_BOX if given.bbox is not None else _next_door(given, data, around)):
        return replace(base, notes=(*missing, f"{told}: there is no upper bound."))
    if kind.at_port and given.place is None and data.unknown_waters_h:
        note = (
            f"In {data.unknown_waters_h} h the vessel was heard near a coast where no port is known here: calls there "
            "would not be seen. There is no upper bound. Ports can be added with: darkwake place import"
        )
        return replace(base, notes=(*missing, note))
    target = data.target or Anywhere()
    chains = chains_of(track)
    found: list[Fit] = []
    at_once = 0
    for chain in chains:
        own = [*known_sure, *known_apart]
        if len(chains) > 1:
            theirs, doubted = ([e for e in of if _sent_by(e, chain)] for of in (sure, doubtful))
            own = [o for known_of in _known(theirs, doubted, why, around) for o in known_of]
        belongs = [_belongs(given, o, around) != "no" for o in own]
        at_once += sum(belongs)
        seen = [
            (o, there) for o, there in zip(own, belongs, strict=True) if not o.within_silence and not o.contradicted
        ]
        known = Known([o for o, _ in seen], [there for _, there in seen], around.heard_elsewhere)
        windows = windows_of(chain, assumed.least_stay_h)
        one_place = given.place is not None and len(chains) == 1
        rooms = fits(
            windows, target, known, given.since, given.until, assumed, given.counted or "overlaps", one_place=one_place
        )
        found += [Fit(window, room) for window, room in zip(windows, rooms, strict=True) if room != 0]
        for code, at in _inside(target, given, chain).items():
            at_place = Known([o for o, _ in seen if o.place == code], elsewhere=around.heard_elsewhere)
            found += passages(chain, at, at_place, given.since, given.until, assumed)
    found = _less(found, [o for o in base.apart if o.within_silence])
    return replace(
        base,
        possible=tuple(f for f in found if f.count != 0),
        at_once=max(0, at_once - len(base.sure) - len(base.apart) - len(base.before)) if len(chains) > 1 else 0,
        bounded=not missing,
        assumptions=assumed.sentences(words.noun(given.kind)),
        notes=(*missing, *_notes(given, data, track)),
    )


def _known(
    sure: Sequence[Event], doubtful: Sequence[Event], why: Mapping[str, str], around: HeardOf
) -> tuple[list[Occurrence], list[Occurrence]]:
    """Those evidenced, and those possible that are no part of one of them."""
    evidenced = distinct(sure, around.heard_elsewhere)
    return evidenced, _beside(distinct(doubtful, around.heard_elsewhere, why), evidenced, around)


def _inside(target: Target, given: Filter, chain: Chain) -> Mapping[str, np.ndarray]:
    """By the code of each place that counts, which reports lie in it."""
    if isinstance(target, AnyPort):
        return target.inside(chain.lon, chain.lat)
    return {} if given.place is None else {given.place: target.distances_m(chain.lon, chain.lat) == 0.0}


def _sent_by(event: Event, chain: Chain) -> bool:
    return any(vessel.segment in chain.segments for vessel in event.vessels)


def _of_period(given: Filter, sure: Sequence[Occurrence], apart: Sequence[Occurrence], around: HeardOf) -> Counted:
    """The occurrences that belong to the period, each by what it is there."""
    inside: list[Occurrence] = []
    possible: list[Occurrence] = []
    before: list[Occurrence] = []
    for occurrence, evidence in [*((o, True) for o in sure), *((o, False) for o in apart)]:
        belongs = _belongs(given, occurrence, around)
        if belongs == "yes" and _unheard_in(given, occurrence, around):
            told = "the ship was not heard in the period: it may have left before and come back after it"
            possible.append(replace(occurrence, why=(*occurrence.why, told)))
            continue
        if belongs == "yes":
            (inside if evidence else possible).append(occurrence)
        elif belongs == "maybe":
            told = (
                "it may have begun outside the period: the ship was not heard just before"
                if given.counted == "begins"
                else "it was seen outside the period only: the ship was not heard between there and its edge"
            )
            possible.append(replace(occurrence, why=(*occurrence.why, told)))
        elif belongs == "before":
            told = "it was under way when the period opened, so it did not begin in it"
            before.append(replace(occurrence, why=(*occurrence.why, told)))
    return Counted(tuple(inside), tuple(possible), (), None, bounded=False, before=tuple(before))


def _unheard_in(given: Filter, occurrence: Occurrence, around: HeardOf) -> bool:
    """Whether a stay lies over the whole period without a report in it. (A silence is none the less one.)"""
    if given.since is None or given.until is None or registry.kind(given.kind).silence:
        return False
    if occurrence.start >= given.since or occurrence.last_seen < given.until:
        return False  # its first or its last report lies in the period
    heard_then = around.heard_between(occurrence.mmsis, given.since, given.until)
    if heard_then is None:  # no track at hand: by the longest silence within it
        return (occurrence.measure("silence_h") or 0.0) * times.HOUR_US >= given.until - given.since
    return not heard_then


def _belongs(given: Filter, occurrence: Occurrence, around: HeardOf) -> str:
    """yes, maybe, before (it only overlaps, and what began is asked) or no.

    Between the last report outside and the first one inside it may have begun at any time; so with its end.
    """
    since = -FOREVER if given.since is None else given.since
    until = FOREVER if given.until is None else given.until
    overlaps = occurrence.start < until and occurrence.last_seen >= since
    earliest, latest = occurrence.began
    first = -FOREVER if earliest is None else earliest
    if given.counted != "begins":
        if overlaps or occurrence.contradicted:
            return "yes" if overlaps else "no"
        return "maybe" if first < until and occurrence.lasted(around.heard_elsewhere) > since else "no"
    if since <= first and latest < until:
        return "yes"
    if since <= latest and first < until:
        return "maybe"
    return "before" if overlaps else "no"


def _next_door(given: Filter, data: Data, around: HeardOf) -> str:
    """What keeps the bound open where a call of the period is told as one of a port next door; "" if none is."""
    calls = distinct(data.next_door, around.heard_elsewhere)
    ports = sorted({str(o.place) for o in calls if _belongs(given, o, around) != "no"})
    if not ports:
        return ""
    return (
        f"Calls at {', '.join(ports)} are known, whose waters overlap those of {given.place}: one may have been there"
    )


def _beside(apart: Sequence[Occurrence], sure: Sequence[Occurrence], around: HeardOf) -> list[Occurrence]:
    """The possible ones that are not, in time, part of an evidenced one of the same vessels and place."""
    reaches: dict[tuple[frozenset[int], str | None], list[tuple[int, int]]] = {}
    for occurrence in sure:
        reach = max(reach_of(event, around.heard_elsewhere) for event in occurrence.events)
        reaches.setdefault((occurrence.mmsis, occurrence.place), []).append((occurrence.start, reach))
    farthest = {key: list(itertools.accumulate((reach for _, reach in of), max)) for key, of in reaches.items()}
    left = []
    for occurrence in apart:
        key = occurrence.mmsis, occurrence.place
        end = FOREVER if occurrence.end is None else occurrence.end
        begun = bisect.bisect_right(reaches.get(key, ()), (end, FOREVER))
        if not begun or farthest[key][begun - 1] < occurrence.start:
            left.append(occurrence)
    return left


def _less(rooms: Sequence[Fit], inferred: Sequence[Occurrence]) -> list[Fit]:
    """The fits, less one for each occurrence that was inferred from a silence and is counted already.

    Such a one is among what fits into that very silence: counted apart and as a possible one, it would count twice.
    """
    left = list(rooms)
    order = sorted(range(len(left)), key=lambda k: _edge(left[k].window.start, -FOREVER))
    starts = [_edge(left[k].window.start, -FOREVER) for k in order]
    farthest = list(itertools.accumulate((_edge(left[k].window.end, FOREVER) for k in order), max))
    for occurrence in inferred:
        end = FOREVER if occurrence.end is None else occurrence.end
        at = bisect.bisect_left(starts, end) - 1
        while at >= 0 and farthest[at] > occurrence.start:
            fit = left[order[at]]
            if fit.count and _edge(fit.window.end, FOREVER) > occurrence.start:
                left[order[at]] = replace(fit, count=fit.count - 1)
                break
            at -= 1
    return left


def _edge(moment: int | None, unknown: int) -> int:
    return unknown if moment is None else moment


def _notes(given: Filter, data: Data, track: pa.Table) -> tuple[str, ...]:
    notes = []
    if given.place is not None and data.target is None:
        notes.append(f"The position of {given.place} is not known here, so no sailing time to it was taken off.")
    ships = chain_count(track)
    if ships > 1:
        notes.append(
            f"At times at least {ships} ships used this MMSI at once. Occurrences of all of them are counted, unless "
            "the reports of a larger one exclude them; silences of the shorter chains count only between their own "
            "first and last report."
        )
    if track.num_rows == 0:
        notes.append("No position of the vessel is in this data: an upper bound rests on the least stay alone.")
    return tuple(notes)
