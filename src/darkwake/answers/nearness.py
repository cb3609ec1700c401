"""Which occurrences have another one near in time and place, without comparing each with each."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from darkwake import times
from darkwake.answers.occurrences import Occurrence
from darkwake.answers.query import Within
from darkwake.answers.sphere import distances_m


def beside(ones: Sequence[Occurrence], others: Sequence[Occurrence], query: Within) -> list[bool]:
    """Per occurrence, whether another one lies within the query's hours (and km) of it, of the same vessel if asked."""
    if not query.same_vessel:
        everyone = _Near(others)
        return [everyone.has(one, query) for one in ones]
    of: dict[int, list[Occurrence]] = {}
    for other in others:
        for mmsi in other.mmsis:
            of.setdefault(mmsi, []).append(other)
    by_vessel = {mmsi: _Near(own) for mmsi, own in of.items()}
    return [any(by_vessel[mmsi].has(one, query) for mmsi in one.mmsis if mmsi in by_vessel) for one in ones]


class _Near:
    """Occurrences in order of start, with the positions of all of their events."""

    def __init__(self, others: Sequence[Occurrence]) -> None:
        self._others = sorted(others, key=lambda o: (o.start, o.ids))
        self._start = np.array([o.start for o in self._others], np.int64)
        self._end = np.array([o.last_seen for o in self._others], np.int64)
        self._farthest = np.array(list(itertools.accumulate(self._end.tolist(), max)), np.int64)
        places = [
            (k, event.lon, event.lat)
            for k, other in enumerate(self._others)
            for event in other.events
            if event.lon is not None and event.lat is not None
        ]
        self._of = np.array([k for k, _, _ in places], np.int64)
        self._lon, self._lat = (np.array([place[k] for place in places], np.float64) for k in (1, 2))

    def has(self, one: Occurrence, query: Within) -> bool:
        reach = round(query.hours * times.HOUR_US)
        stop = int(np.searchsorted(self._start, one.last_seen + reach, side="right"))
        # of those, all before `first` ended too early, whatever lies between
        first = int(np.searchsorted(self._farthest[:stop], one.start - reach, side="left"))
        if query.km is None:
            return any(self._others[k].ids != one.ids for k in self._in_time(first, stop, one.start - reach))
        a, b = np.searchsorted(self._of, [first, stop])
        in_time = self._end[self._of[a:b]] >= one.start - reach
        for event in one.events:
            if event.lon is None or event.lat is None:
                continue
            near = distances_m(event.lon, event.lat, self._lon[a:b], self._lat[a:b]) <= query.km * 1000.0
            found = set(self._of[a:b][near & in_time].tolist())
            if any(self._others[k].ids != one.ids for k in found):
                return True
        return False

    def _in_time(self, first: int, stop: int, ended_after: int) -> Iterator[int]:
        return (k for k in range(first, stop) if self._end[k] >= ended_after)
