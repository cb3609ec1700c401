"""Where a silent ship may have been: the straight way between its reports, and ways out to a place and back.

A ship that was slow to come back had time to leave the receivers' range and return. Judged on the straight line alone,
every such voyage would look like a switched-off transmitter. So a silence is judged over several ways: the straight
one, and ways that go at the ship's usual speed to a place, stay, and leave in time. The places lie on ellipses around
the two reports (what the usual speed allows, at most FARTHEST_NM beyond them), eight ways round. While no report has
come after, the ship need not return.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from darkwake.times import HOUR_US
from darkwake.tracks.columns import Bools, Floats, Ints
from darkwake.tracks.reception_kernels import SHIPS, count_silences

FARTHEST_NM = 120.0
LONGEST_US = 24 * 14 * HOUR_US
_REACHES = (0.4, 1.0)  # shares of what is allowed
_TURNS = np.arange(8) * np.pi / 4
#: Ways per silence; the first is the straight one.
WAYS = 1 + len(_REACHES) * len(_TURNS)
_POINTS = 4


@dataclass(frozen=True, slots=True)
class Paths:
    """Paths with points offsets[k] … offsets[k + 1]; heard at their ends at most. `ship` numbers their ships."""

    offsets: Ints
    time_us: Ints
    lon: Floats
    lat: Floats
    class_b: Bools
    ship: Ints

    def pick(self, rows: Ints) -> Paths:
        """Some of them; all must have four points, as those of `ways` do."""
        points = (rows[:, None] * _POINTS + np.arange(_POINTS)).reshape(-1)
        return Paths(
            np.arange(0, len(points) + 1, _POINTS), self.time_us[points], self.lon[points], self.lat[points],
            self.class_b[rows], self.ship[rows],
        )  # fmt: skip

    def counts(self) -> tuple[tuple[Ints, Ints, Ints], tuple[Ints, Ints, Ints]]:
        """Slots per (ship, cell) and per (ship, region and hour) along these silences: ships, keys, counts."""
        fine, hours = count_silences(self.offsets, self.time_us, self.lon, self.lat, self.class_b, LONGEST_US)
        for runs in (fine, hours):
            runs[:, 0] = self.ship[runs[:, 0]]
        return per_ship(fine), per_ship(hours)


def ways(silent: Mapping[str, Any], ship: Ints, rows: Ints) -> Paths:
    """WAYS paths for each of `rows` of `silent`, whose arrays are named as in `ReceptionModel.judge`."""
    start, end = silent["start"][rows], silent["end"][rows]
    lon0, lat0 = silent["lon0"][rows], silent["lat0"][rows]
    is_open = np.asarray(silent["open"], np.bool_)[rows]
    knots = np.asarray(silent["knots"], np.float64)[rows]
    hours = np.maximum((end - start) / HOUR_US, 1e-6)
    # A plane around the silence, in nautical miles, is near enough over so short a way.
    shrink = 60.0 * np.maximum(np.cos(np.radians((lat0 + silent["lat1"][rows]) / 2)), 0.05)
    east = ((silent["lon1"][rows] - lon0 + 180.0) % 360.0 - 180.0) * shrink
    north = (silent["lat1"][rows] - lat0) * 60.0
    apart = np.hypot(east, north)
    half = np.where(is_open, 0.0, apart / 2)
    longest = np.minimum(np.where(is_open, knots * hours, knots * hours / 2), half + FARTHEST_NM)
    longest = np.maximum(longest, half)
    widest = np.sqrt(np.maximum(longest**2 - half**2, 0.0))
    moved = apart > 1e-9
    along_e = np.divide(east, apart, out=np.ones(len(rows)), where=moved)
    along_n = np.divide(north, apart, out=np.zeros(len(rows)), where=moved)

    shape = (len(rows), WAYS, _POINTS)
    x, y, t = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for k in range(_POINTS):  # the straight way
        x[:, 0, k], y[:, 0, k], t[:, 0, k] = east * k / 3, north * k / 3, hours * k / 3
    way = 0
    for reach in _REACHES:
        for turn in _TURNS:
            way += 1
            a, b = reach * longest * np.cos(turn), reach * widest * np.sin(turn)
            px = east / 2 * ~is_open + a * along_e - b * along_n
            py = north / 2 * ~is_open + a * along_n + b * along_e
            out = np.hypot(px, py) / knots
            back = np.where(is_open, 0.0, np.hypot(east - px, north - py) / knots)
            slow = np.minimum(1.0, hours / np.maximum(out + back, 1e-9))  # faster than usual if it must be
            x[:, way, 1], y[:, way, 1], t[:, way, 1] = px, py, out * slow
            x[:, way, 2], y[:, way, 2], t[:, way, 2] = px, py, hours - back * slow
            x[:, way, 3] = np.where(is_open, px, east)
            y[:, way, 3] = np.where(is_open, py, north)
            t[:, way, 3] = hours
    moments = start[:, None, None] + (t * HOUR_US).astype(np.int64)
    moments[:, :, 3] = end[:, None]
    moments[:, :, 2] = np.maximum(moments[:, :, 1], moments[:, :, 2])  # a rounded microsecond
    count = len(rows) * WAYS
    lon = lon0[:, None, None] + x / shrink[:, None, None]
    return Paths(
        np.arange(0, count * _POINTS + 1, _POINTS), moments.reshape(-1), ((lon + 180.0) % 360.0 - 180.0).reshape(-1),
        np.clip(lat0[:, None, None] + y / 60.0, -90.0, 90.0).reshape(-1),
        np.repeat(np.asarray(silent["class_b"], np.bool_)[rows], WAYS), np.repeat(ship[rows], WAYS),
    )  # fmt: skip


def per_ship(runs: Ints) -> tuple[Ints, Ints, Ints]:
    """Runs (number, key, counts…) summed per number and key; each is one ship there."""
    order = np.lexsort((runs[:, 1], runs[:, 0]))
    runs = runs[order]
    fresh = np.ones(len(runs), np.bool_)
    fresh[1:] = (runs[1:, :2] != runs[:-1, :2]).any(axis=1)
    first = np.flatnonzero(fresh)
    if not len(first):
        return runs[:, 0], runs[:, 1], runs[:, 2:]
    counts = np.add.reduceat(runs[:, 2:], first)
    counts[:, SHIPS] = 1
    return runs[first, 0], runs[first, 1], counts
