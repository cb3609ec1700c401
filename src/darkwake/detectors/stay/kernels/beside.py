"""Which of several slow stays lay beside another ship, as far as reports hours apart can tell: they may have met."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from darkwake.geo.sphere import distance_m
from darkwake.jit import kernel
from darkwake.tracks.columns import Floats, Ints

#: Two ships in a meeting are no farther apart than this …
_TOGETHER_M = 500.0
#: … and, by a straight line between reports so many hours apart, by so much more for each hour squared: the tide turns.
_BENT_M_PER_H2 = 120.0
_AT_MOST_M = 2_000.0
#: Of the moments at which the one was heard, in so many the other lay beside it.
_SHARE = 0.8
_MOMENTS = 3
#: Stays that begin farther apart than this are not looked at: nobody drifts so far in a stay.
_NEAR_DEG = 0.5


@dataclass(frozen=True, slots=True)
class Stays:
    """Stays, and the moments at which each was heard, about an hour apart: rows `first[k]` to `first[k + 1]`.

    µs and degrees; the stays in any order.
    """

    mmsi: Ints
    start: Ints
    end: Ints
    first: Ints
    time: Ints
    lon: Floats
    lat: Floats


def beside(stays: Stays, wanted: Ints) -> dict[int, int]:
    """Index of a stay among `wanted` → MMSI of the ship that lay beside it for most of it, where one did."""
    found: dict[int, int] = {}
    order = np.argsort(stays.start, kind="stable")
    starts, longest = stays.start[order], int((stays.end - stays.start).max(initial=0))
    for k in wanted.tolist():
        low = np.searchsorted(starts, stays.start[k] - longest)
        others = order[low : np.searchsorted(starts, stays.end[k], "right")]
        others = others[(stays.end[others] > stays.start[k]) & (stays.mmsi[others] != stays.mmsi[k])]
        here, there = stays.first[k], stays.first[others]
        near = np.abs(stays.lat[there] - stays.lat[here]) < _NEAR_DEG
        east = np.abs((stays.lon[there] - stays.lon[here] + 540.0) % 360.0 - 180.0)
        near &= east * np.cos(np.radians(stays.lat[here])) < _NEAR_DEG
        for other in others[near].tolist():
            count, moments = _together(stays.time, stays.lon, stays.lat, stays.first, k, other)
            if moments >= _MOMENTS and count >= _SHARE * moments:
                found[k] = int(stays.mmsi[other])
                break
    return found


@kernel
def _together(
    time: Ints, lon: Floats, lat: Floats, first: Ints, one: int, other: int
) -> tuple[int, int]:  # pragma: no cover - compiled
    """At how many moments of the one the other, by a line between its reports, lay beside it; and all its moments."""
    count = 0
    at = first[other]
    for i in range(first[one], first[one + 1]):
        while at + 1 < first[other + 1] and time[at + 1] <= time[i]:
            at += 1
        then = at + 1 if at + 1 < first[other + 1] else at
        apart_h = (time[then] - time[at]) / 3.6e9
        if time[i] < time[at] or (then == at and time[i] > time[at]):
            apart_h = abs(time[i] - time[at]) / 3.6e9  # before its first or after its last: as long as that
            then = at
        share = 0.0 if then == at else (time[i] - time[at]) / (time[then] - time[at])
        x = lon[at] + share * ((lon[then] - lon[at] + 540.0) % 360.0 - 180.0)
        y = lat[at] + share * (lat[then] - lat[at])
        limit = min(_AT_MOST_M, _TOGETHER_M + _BENT_M_PER_H2 * apart_h * apart_h)
        count += distance_m(lon[i], lat[i], x, y) <= limit
    return count, first[one + 1] - first[one]
