"""From events to distinct occurrences: the same thing seen twice counts once, the doubtful is kept apart."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from darkwake import times
from darkwake.answers.query import Filter
from darkwake.events.base import Event

#: Measures that say how sure an event is. A shortfall in one of these makes an event doubtful; a shortfall in any
#: other measure makes it something else than what was asked for.
DOUBT = ("confidence_level", "confidence")

#: Did the vessel certainly leave between two instants? (the MMSIs, from, to, longitude and latitude of the place)
Left = Callable[[frozenset[int], int, int, float | None, float | None], bool]


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One thing that happened, with every event that shows it. `end` is None while it goes on."""

    start: int
    end: int | None
    mmsis: frozenset[int]
    place: str | None
    events: tuple[Event, ...]

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(event.id for event in self.events)

    def covers(self, instant_us: int) -> bool:
        return self.start <= instant_us and (self.end is None or instant_us <= self.end)

    @property
    def within_silence(self) -> bool:
        """Whether no report shows the ship there: it is inferred from a silence between two reports from elsewhere."""
        return all(
            event.measures.get("inferred_from_silence")
            and isinstance(latest := event.measures.get("arrival_latest"), str)
            and times.parse(latest) > event.start
            for event in self.events
        )

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


def select(given: Filter, events: Iterable[Event]) -> tuple[list[Event], list[Event]]:
    """The events that meet the filter, and those that fail only for doubt. Retracted ones never count.

    What is inferred from a silence alone is always in doubt: it can raise the upper bound, never the lower one.
    """
    sure: list[Event] = []
    doubtful: list[Event] = []
    definition = [(name, least) for name, least in given.minimum if name not in DOUBT]
    doubt = [(name, least) for name, least in given.minimum if name in DOUBT]
    for event in events:
        if event.state == "retracted" or not _matches(given, event) or not _reaches(event, definition):
            continue
        evidenced = not event.measures.get("inferred_from_silence") and _reaches(event, doubt)
        (sure if evidenced else doubtful).append(event)
    return sure, doubtful


def distinct(events: Sequence[Event], left: Left | None = None) -> list[Occurrence]:
    """Merge events that show one occurrence: same kind, vessels and place, overlapping in time.

    An open event has no known end. The next event of the same vessels and place is another occurrence only if the
    vessel was heard elsewhere in between (`left`); without that knowledge the two count as one.
    """
    groups: dict[tuple[frozenset[int], str | None], list[Event]] = {}
    for event in events:
        groups.setdefault((frozenset(v.mmsi for v in event.vessels), event.place), []).append(event)
    found: list[Occurrence] = []
    for (mmsis, place), members in groups.items():
        run: list[Event] = []
        for event in sorted(members, key=lambda e: (e.start, e.id)):
            if run and not _same(run, event, mmsis, left):
                found.append(_occurrence(run, mmsis, place))
                run = []
            run.append(event)
        found.append(_occurrence(run, mmsis, place))
    return sorted(found, key=lambda o: (o.start, o.ids))


def _matches(given: Filter, event: Event) -> bool:
    if event.kind != given.kind:
        return False
    if given.mmsi is not None and all(vessel.mmsi != given.mmsi for vessel in event.vessels):
        return False
    if given.segment is not None and all(vessel.segment != given.segment for vessel in event.vessels):
        return False
    if given.place is not None and event.place != given.place:
        return False
    if (given.since is not None and event.start < given.since) or (
        given.until is not None and event.start >= given.until
    ):
        return False
    return given.bbox is None or in_box(given.bbox, event.lon, event.lat)


def in_box(bbox: tuple[float, float, float, float], lon: float | None, lat: float | None) -> bool:
    """Whether a position lies in west, south, east, north; west > east crosses 180°."""
    if lon is None or lat is None:
        return False
    west, south, east, north = bbox
    inside = west <= lon <= east if west <= east else lon >= west or lon <= east
    return inside and south <= lat <= north


def _reaches(event: Event, least: Iterable[tuple[str, float]]) -> bool:
    return all((value := measure(event, name)) is not None and value >= bound for name, bound in least)


def _same(run: Sequence[Event], event: Event, mmsis: frozenset[int], left: Left | None) -> bool:
    if any(e.end is not None and e.end >= event.start for e in run):
        return True
    open_since = [e for e in run if e.end is None]
    if not open_since:
        return False
    last = open_since[-1]
    return left is None or not left(mmsis, last.start, event.start, last.lon, last.lat)


def _occurrence(run: Sequence[Event], mmsis: frozenset[int], place: str | None) -> Occurrence:
    ends = [event.end for event in run if event.end is not None]
    last = max(run, key=lambda e: e.start)
    end = None if last.end is None else max(ends)
    return Occurrence(run[0].start, end, mmsis, place, tuple(run))
