"""From events to distinct occurrences: the same thing seen twice counts once, the merely possible is kept apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from darkwake import times
from darkwake.answers import evidenced
from darkwake.answers.query import Filter
from darkwake.detectors import registry
from darkwake.events.model import Event
from darkwake.geo.antimeridian import BBox

_BELOW = "less was seen of it than the claim asks for"

#: The first time after an event's start at which its ship was certainly elsewhere; None: never in this data.
Elsewhere = Callable[[Event], int | None]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One thing that happened, with every event that shows it. `end` is None while it goes on.

    `last_seen`: up to when it was seen to last; what is open ends, as evidence, where the ship was last heard. `why`:
    why it is possible at most; empty if it is evidenced.
    """

    start: int
    end: int | None
    mmsis: frozenset[int]
    place: str | None
    events: tuple[Event, ...]
    last_seen: int
    why: tuple[str, ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(event.id for event in self.events)

    @property
    def within_silence(self) -> bool:
        """Whether no report shows the ship there: it is inferred from a silence between two reports from elsewhere."""
        return all(
            event.measures.get("inferred_from_silence")
            and isinstance(latest := event.measures.get("arrival_latest"), str)
            and times.parse(latest) > event.start
            for event in self.events
        )

    @property
    def contradicted(self) -> bool:
        """Whether the ship's own reports exclude it."""
        return any(told.startswith(evidenced.CONTRADICTED) for told in self.why)

    @property
    def began(self) -> tuple[int | None, int]:
        """When it can have begun: not before (None: not known), not after."""
        first = self.events[0]
        if "arrival_earliest" not in first.measures:
            return self.start, self.start
        if self.within_silence:
            return self.start, self.last_seen
        earliest = first.measures["arrival_earliest"]
        return (min(times.parse(earliest), self.start) if isinstance(earliest, str) else None), self.start

    def lasted(self, elsewhere: Elsewhere | None) -> int:
        """Up to when it can have lasted: until its ship was heard outside; FOREVER where that is not known."""
        return max(_lasted(event, elsewhere) for event in self.events)

    def measure(self, name: str) -> float | None:
        """The largest value of a measure among the events of this occurrence; None if none has it."""
        values = [value for event in self.events if (value := measure(event, name)) is not None]
        return max(values, default=None)


def measure(event: Event, name: str) -> float | None:
    """A measure as a number; None where the event has none (or it is no number)."""
    value = event.confidence if name == "confidence" else event.measures.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def select(
    given: Filter, events: Iterable[Event], reports: evidenced.HeardOf | None = None
) -> tuple[list[Event], dict[str, str], list[Event]]:
    """The events that meet the filter: those that are evidence, and those possible at most, by why (of their ids).

    The period plays no part. Retracted events never count. `reports`: what else was heard of their ships.
    """
    kind = registry.kind(given.kind)
    definition = [(name, least) for name, least in given.minimum if name not in kind.doubts]
    doubt = [(name, least) for name, least in given.minimum if name in kind.doubts]
    matching = [e for e in events if e.state != "retracted" and _matches(given, e)]
    short = {e.id for e in matching if not _reaches(e, definition)}
    wanted = [e for e in matching if e.id not in short or kind.seen_in_part]
    why = reports.against(wanted) if reports is not None else {}
    why |= dict.fromkeys((e.id for e in wanted if e.id in short and e.id not in why), _BELOW)
    for event in wanted:
        if event.id not in why and (told := evidenced.shortfall(event)) is not None:
            why[event.id] = told
        elif event.id not in why and not _reaches(event, doubt):
            why[event.id] = "less sure than the claim asks for"
    return [e for e in wanted if e.id not in why], why, [e for e in wanted if e.id in why]


def distinct(
    events: Sequence[Event], elsewhere: Elsewhere | None = None, why: Mapping[str, str] | None = None
) -> list[Occurrence]:
    """Merge events that show one occurrence: same kind, vessels and place, overlapping in time; in order of start.

    An open event has no known end. The next event of the same vessels and place is another occurrence only if the
    vessel was heard `elsewhere` in between; without that knowledge the two count as one.
    """
    groups: dict[tuple[str, frozenset[int], str | None], list[Event]] = {}
    for event in events:
        key = event.kind, frozenset(v.mmsi for v in event.vessels), event.place
        groups.setdefault(key, []).append(event)
    found: list[Occurrence] = []
    for (_, mmsis, place), members in groups.items():
        run: list[Event] = []
        reach = 0  # the run goes on up to here
        for event in sorted(members, key=lambda e: (e.start, e.id)):
            if run and event.start > reach:
                found.append(_occurrence(run, mmsis, place, why))
                run = []
            reach = max(reach, reach_of(event, elsewhere)) if run else reach_of(event, elsewhere)
            run.append(event)
        found.append(_occurrence(run, mmsis, place, why))
    return sorted(found, key=lambda o: (o.start, o.ids))


FOREVER = 1 << 62


def reach_of(event: Event, elsewhere: Elsewhere | None) -> int:
    """Up to when an event may have gone on: its end; of an open one, until its ship was heard elsewhere."""
    if event.end is not None:
        return event.end
    away = elsewhere(event) if elsewhere is not None else None
    return FOREVER if away is None else max(event.start, away - 1)


def _lasted(event: Event, elsewhere: Elsewhere | None) -> int:
    outside = event.measures.get("departure_latest")
    reach = reach_of(event, elsewhere)
    return reach if event.end is None or not isinstance(outside, str) else max(reach, times.parse(outside))


def last_seen(event: Event) -> int:
    """Up to when an event was seen to last: its end; of an open one, when its ship was last heard there.

    An open silence lasts to the end of the data, as far as it was looked at: until then nothing was heard.
    """
    if event.end is not None:
        return event.end
    if registry.kind(event.kind).silence:
        return event.start + round((measure(event, "duration_h") or 0.0) * times.HOUR_US)
    heard = event.measures.get("departure_earliest")
    return max(event.start, times.parse(heard)) if isinstance(heard, str) else event.start


def _matches(given: Filter, event: Event) -> bool:
    if event.kind != given.kind:
        return False
    if given.mmsi is not None and all(vessel.mmsi != given.mmsi for vessel in event.vessels):
        return False
    if given.segment is not None and all(vessel.segment != given.segment for vessel in event.vessels):
        return False
    if given.place is not None and event.place != given.place:
        return False
    if given.bbox is None:
        return True
    return event.lon is not None and event.lat is not None and BBox(*given.bbox).contains(event.lon, event.lat)


def _reaches(event: Event, least: Iterable[tuple[str, float]]) -> bool:
    return all((value := measure(event, name)) is not None and value >= bound for name, bound in least)


def _occurrence(
    run: Sequence[Event], mmsis: frozenset[int], place: str | None, why: Mapping[str, str] | None
) -> Occurrence:
    ends = [event.end for event in run if event.end is not None]
    end = None if run[-1].end is None else max(ends)
    told = tuple(dict.fromkeys(why[event.id] for event in run if event.id in why)) if why else ()
    return Occurrence(run[0].start, end, mmsis, place, tuple(run), max(last_seen(event) for event in run), told)
