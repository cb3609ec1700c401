"""Which places a silent ship could have visited, and how many other silent ships could have been there as well.

A ship could have been at a place from (start + way there) to (end − way back), each at its usual speed on the great
circle. A second ship is comparable if its own silence allowed it to be there at some time within those hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from darkwake.geo.sphere import distance_m
from darkwake.jit import kernel
from darkwake.times import HOUR_US, SECOND_US
from darkwake.tracks.columns import Bools, Floats, Ints, floats, ints
from darkwake.units import KNOTS_TO_METRES_PER_SECOND

#: No more places are named for one silence: the longer the list, the less it says.
MOST_PLACES = 5


def reachable_places(
    places: Any, silent: Mapping[str, Any], wanted: Bools, min_stay_h: float
) -> dict[int, list[dict[str, Any]]]:
    """Per wanted silence up to MOST_PLACES `{place, comparable_ships}`, the longest possible stay first.

    Only places that were in use at some time of the silence. `places.ports_table()` has the columns `code`, `lon`,
    `lat` (degrees), `valid_from`, `valid_to` (µs). `silent`: arrays of equal length `mmsi`, `start`, `end` (µs),
    `lon0`, `lat0`, `lon1`, `lat1`, `knots`.
    """
    if places is None or not wanted.any():
        return {}
    ports = places.ports_table()
    order = np.argsort(np.array(ports["code"].to_pylist()), kind="stable")  # ties go by code
    codes = np.array(ports["code"].to_pylist())[order]
    lon, lat = floats(ports["lon"])[order], floats(ports["lat"])[order]
    opened, closed = ints(ports["valid_from"])[order], ints(ports["valid_to"])[order]
    track: Any = tuple(silent[name] for name in ("start", "end", "lon0", "lat0", "lon1", "lat1", "knots"))
    rows = np.flatnonzero(wanted)
    chosen = _longest_stays(rows, lon, lat, opened, closed, min_stay_h * HOUR_US, MOST_PLACES, *track)
    comparable: dict[tuple[int, int], int] = {}
    _, ship = np.unique(silent["mmsi"], return_inverse=True)
    for p in np.unique(chosen[chosen >= 0]):
        arrive, leave = _presence(lon[p], lat[p], *track)
        naming = np.flatnonzero((chosen == p).any(axis=1))
        others = _others_there(rows[naming], arrive, leave, ship.astype(np.int64))
        for k, ships in zip(naming, others, strict=True):
            comparable[int(k), int(p)] = int(ships)
    return {
        int(row): [{"place": str(codes[p]), "comparable_ships": comparable[k, int(p)]} for p in picked[picked >= 0]]
        for k, (row, picked) in enumerate(zip(rows, chosen, strict=True))
    }


@kernel
def _sailing_us(lon0: float, lat0: float, lon1: float, lat1: float, knots: float) -> float:
    return distance_m(lon0, lat0, lon1, lat1) / (knots * KNOTS_TO_METRES_PER_SECOND) * SECOND_US


@kernel
def _presence(
    lon: float, lat: float,
    start: Ints, end: Ints, lon0: Floats, lat0: Floats, lon1: Floats, lat1: Floats, knots: Floats,
) -> tuple[Ints, Ints]:  # fmt: skip  # pragma: no cover - compiled
    """Earliest arrival at and latest departure from one place, per silence (arrival after departure: out of reach)."""
    arrive = np.empty(len(start), np.int64)
    leave = np.empty(len(start), np.int64)
    for i in range(len(start)):
        arrive[i] = start[i] + int(_sailing_us(lon0[i], lat0[i], lon, lat, knots[i]))
        leave[i] = end[i]
        if arrive[i] <= end[i]:
            leave[i] -= int(_sailing_us(lon, lat, lon1[i], lat1[i], knots[i]))
    return arrive, leave


@kernel
def _others_there(rows: Ints, arrive: Ints, leave: Ints, ship: Ints) -> Ints:  # pragma: no cover - compiled
    """For each of these silences how many other ships' silences allowed them to be at a place in the same hours."""
    able = np.flatnonzero(arrive <= leave)
    counted = np.full(ship.max() + 1, -1, np.int64)
    out = np.zeros(len(rows), np.int64)
    for k in range(len(rows)):
        row = rows[k]
        for other in able:
            there = arrive[other] <= leave[row] and leave[other] >= arrive[row]
            if there and ship[other] != ship[row] and counted[ship[other]] != k:
                counted[ship[other]] = k
                out[k] += 1
    return out


@kernel
def _longest_stays(
    rows: Ints, lon: Floats, lat: Floats, opened: Ints, closed: Ints, min_stay_us: float, most: int,
    start: Ints, end: Ints, lon0: Floats, lat0: Floats, lon1: Floats, lat1: Floats, knots: Floats,
) -> Ints:  # fmt: skip  # pragma: no cover - compiled
    """Per silence the `most` places that leave the longest stay, -1 where there are fewer."""
    chosen = np.full((len(rows), most), -1, np.int64)
    stays = np.empty(most, np.float64)
    for k in range(len(rows)):
        i = rows[k]
        length = end[i] - start[i]
        reach_deg = length / HOUR_US * knots[i] / 60.0 + 0.1
        stays[:] = -1.0
        for p in range(len(lon)):
            if abs(lat[p] - lat0[i]) > reach_deg or opened[p] > end[i] or closed[p] <= start[i]:
                continue
            there = _sailing_us(lon0[i], lat0[i], lon[p], lat[p], knots[i])
            if there + min_stay_us > length:
                continue
            stay = length - there - _sailing_us(lon[p], lat[p], lon1[i], lat1[i], knots[i])
            if stay < min_stay_us or stay <= stays[most - 1]:
                continue
            at = most - 1
            while at > 0 and stays[at - 1] < stay:
                stays[at] = stays[at - 1]
                chosen[k, at] = chosen[k, at - 1]
                at -= 1
            stays[at] = stay
            chosen[k, at] = p
    return chosen
