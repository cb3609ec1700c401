"""Whether a ship's own reports contradict a visit: how fast it would have had to come, and to go."""

from __future__ import annotations

import numpy as np

from darkwake.geo.sphere import distance_m
from darkwake.jit import kernel
from darkwake.tracks.columns import Bools, Floats, Ints
from darkwake.units import KNOTS_TO_METRES_PER_SECOND

#: No ship that calls at ports is faster. Reports from beyond cannot be of the ship that made the visit.
UNREACHABLE_KNOTS = 60.0
#: A position may be off by so much before it says anything about speed.
_OFF_M = 1_000.0
#: A segment of so few reports is held against all reports of its number, a longer one is a hull of its own.
_STRAY_REPORTS = 3


def needed_knots(
    mmsi: Ints, segment: Ints, time: Ints, lon: Floats, lat: Floats, first: Ints, last: Ints
) -> tuple[Floats, Floats]:
    """Per visit, from row `first` to row `last`: speed from the report before it and to the report after it.

    Rows are sorted by (mmsi, segment, time). NaN where there is no such report.
    """
    before, after = _beside(mmsi, segment, first - 1, first), _beside(mmsi, segment, last + 1, last)
    begins = np.flatnonzero(np.concatenate([[True], (segment[1:] != segment[:-1]) | (mmsi[1:] != mmsi[:-1])]))
    length = np.diff(np.append(begins, len(segment)))
    few = length[np.searchsorted(begins, first, side="right") - 1] <= _STRAY_REPORTS
    alone = np.flatnonzero(few & ((before < 0) | (after < 0)))
    for number in np.unique(mmsi[first[alone]]):
        low, high = (int(np.searchsorted(mmsi, number, side=side)) for side in ("left", "right"))
        by_time = low + np.argsort(time[low:high], kind="stable")
        moments = time[by_time]
        for visit in alone[mmsi[first[alone]] == number]:
            i, j = first[visit], last[visit]
            if before[visit] < 0:
                at = int(np.searchsorted(moments, time[i], side="right")) - 1
                before[visit] = _other(segment, by_time[: at + 1][::-1], segment[i])
            if after[visit] < 0:
                at = int(np.searchsorted(moments, time[j], side="right"))
                after[visit] = _other(segment, by_time[at:], segment[j])
    return _knots(time, lon, lat, before, first), _knots(time, lon, lat, after, last)


def _other(segment: Ints, rows: Ints, own: int) -> int:
    """The first of some rows that is of another segment; −1 if there is none."""
    near = rows[: _STRAY_REPORTS + 1]  # no more of them can be of a segment as short as this
    others = near[segment[near] != own]
    return int(others[0]) if len(others) else -1


def contradicted(single: Bools, knots_in: Floats, knots_out: Floats) -> Bools:
    """Whether reports on both sides contradict a visit; of one seen in a single report, all that there are."""
    out_of_reach = [knots > UNREACHABLE_KNOTS for knots in (knots_in, knots_out)]
    unknown = [np.isnan(knots) & single for knots in (knots_in, knots_out)]
    return (out_of_reach[0] | unknown[0]) & (out_of_reach[1] | unknown[1]) & (out_of_reach[0] | out_of_reach[1])


def _beside(mmsi: Ints, segment: Ints, rows: Ints, of: Ints) -> Ints:
    """Rows that are of the same segment as others; −1 where they are not."""
    within = np.clip(rows, 0, max(0, len(segment) - 1))
    same = (rows == within) & (segment[within] == segment[of]) & (mmsi[within] == mmsi[of])
    return np.where(same, rows, -1)


@kernel
def _knots(
    time: np.ndarray, lon: np.ndarray, lat: np.ndarray, rows: np.ndarray, of: np.ndarray
) -> np.ndarray:  # pragma: no cover - compiled
    knots = np.full(len(rows), np.nan)
    for visit in range(len(rows)):
        i, j = rows[visit], of[visit]
        if i >= 0:
            metres = max(0.0, distance_m(lon[i], lat[i], lon[j], lat[j]) - _OFF_M)
            seconds = max(1.0, abs(time[j] - time[i]) * 1e-6)
            knots[visit] = metres / seconds / KNOTS_TO_METRES_PER_SECOND
    return knots
