"""Which occurrences have another one near in time and place, without comparing each with each."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from darkwake import times
from darkwake.answers.occurrences import Occurrence
from darkwake.answers.query import Within
from darkwake.geo.sphere import distances_m


def beside(ones: Sequence[Occurrence], others: Sequence[Occurrence], query: Within) -> list[bool]:
    """Per occurrence, whether another one lies within the query's hours (and km) of it, of the same vessel if asked."""
    everyone: tuple[Hashable, ...] = (None,)
    groups: dict[Hashable, dict[int, list[Occurrence]]] = {}
    for other in others:
        length = int(other.last_seen - other.start).bit_length()
        for whose in other.mmsis if query.same_vessel else everyone:
            groups.setdefault(whose, {}).setdefault(length, []).append(other)
    near = {whose: [_Near(alike) for alike in by_length.values()] for whose, by_length in groups.items()}
    return [
        any(
            among.has(one, query)
            for whose in (one.mmsis if query.same_vessel else everyone)
            for among in near.get(whose, ())
        )
        for one in ones
    ]


class _Near:
    """Occurrences of like length, by their starts: those that can reach a moment lie next to each other."""

    def __init__(self, others: Sequence[Occurrence]) -> None:
        # One entry for each position of its events, as it is by these that occurrences are near in place.
        entries = [
            (o.start, o.last_seen, ids, *at)
            for o, ids in ((other, other.ids) for other in others)
            for at in dict.fromkeys((event.lon, event.lat) for event in o.events)
        ]
        entries.sort(key=lambda entry: (entry[0], entry[2]))
        self._start, self._end = (np.array([entry[k] for entry in entries], np.int64) for k in (0, 1))
        self._ids = [entry[2] for entry in entries]
        self._lon, self._lat = (np.array([entry[k] for entry in entries], np.float64) for k in (3, 4))
        self._longest = int((self._end - self._start).max())

    def has(self, one: Occurrence, query: Within) -> bool:
        reach = round(query.hours * times.HOUR_US)
        first = np.searchsorted(self._start, one.start - reach - self._longest, side="left")
        stop = np.searchsorted(self._start, one.last_seen + reach, side="right")
        rows = first + np.flatnonzero(self._end[first:stop] >= one.start - reach)
        if query.km is None:
            return self._another(rows, one)
        for event in one.events:
            if event.lon is not None and event.lat is not None:
                metres = distances_m(event.lon, event.lat, self._lon[rows], self._lat[rows])  # NaN: no position
                if self._another(rows[metres <= query.km * 1000.0], one):
                    return True
        return False

    def _another(self, rows: np.ndarray, one: Occurrence) -> bool:
        own = one.ids
        return any(self._ids[row] != own for row in rows.tolist())
