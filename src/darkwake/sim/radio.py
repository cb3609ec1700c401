"""Who sends when, and who hears it: reporting intervals, ranges, outages, satellite passes, thinned feeds.

Reporting intervals are those of ITU-R M.1371-5, tables 1 and 2. Draws are hashes of (seed, ship, transmission,
station), not a stream of random numbers: nothing depends on the order of computation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkwake.jit import kernel
from darkwake.sim.geography import SATELLITES, STATIONS
from darkwake.sim.motion import STEP_S

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

DAY_S = 86_400.0
#: Class A and B: statics every six minutes.
STATIC_INTERVAL_S = 360.0
#: Type 27 is sent every three minutes.
LONG_RANGE_INTERVAL_S = 180.0
BASE_INTERVAL_S = 600.0  # type 4 is sent every 10 s; a feed keeps few of them
_MINUTE_S = 60
_EDGE_NM = 2.5  # how fast the odds fall at the edge of the range
#: Beyond these nothing is heard, class A and B.
FAR_NM, FAR_B_NM = 60.0, 34.0
_MAX_ODDS = 0.96
#: Odds that one transmission is heard in a pass: class A, B; and what is left of them in crowded waters near land.
_SATELLITE_ODDS = (0.05, 0.012)
#: Type 27 has channels of its own: so many times the odds.
_LONG_RANGE = 12.0
_PASS_S = (480.0, 780.0)


@dataclass(frozen=True)
class Sky:
    """The receivers over time. One column a minute."""

    names: tuple[str, ...]
    place: Floats  # [stations, 4]: lon, lat, range class A, range class B (nautical miles); range 0: a satellite
    reach: Floats  # [stations, minutes]: factor on the range (weather); for satellites 1 in a pass
    up: NDArray[np.bool_]  # [stations, minutes]: False in an outage
    offset_s: Floats  # [stations]: clock error
    outages: tuple[tuple[str, float, float], ...]  # station, from, to (seconds)


def make_sky(seed: int, horizon_s: float, outages_per_station: float, satellites: bool, clock_s: float) -> Sky:
    """Receivers with their outages (expected number for each station per 10 days) and clock errors up to `clock_s`."""
    names = tuple(s.name for s in STATIONS) + (SATELLITES if satellites else ())
    minutes = int(horizon_s // _MINUTE_S) + 2
    place = np.zeros((len(names), 4))
    reach, up = np.zeros((len(names), minutes)), np.ones((len(names), minutes), bool)
    when = np.arange(minutes) * float(_MINUTE_S)
    outages: list[tuple[str, float, float]] = []
    clocks = np.random.default_rng([seed, 3]).uniform(-clock_s, clock_s, len(names))
    for row, station in enumerate(STATIONS):
        rng = np.random.default_rng([seed, 2, row])
        place[row] = station.lon, station.lat, station.range_nm, station.range_b_nm
        phase = rng.uniform(0, 2 * np.pi, 2)
        reach[row] = 1 + 0.06 * np.sin(2 * np.pi * when / DAY_S + phase[0]) + 0.05 * np.sin(when / 2.6e5 + phase[1])
        for _ in range(rng.poisson(outages_per_station * horizon_s / (10 * DAY_S))):
            start = rng.uniform(0.05, 0.9) * horizon_s
            end = start + rng.choice([rng.uniform(0.5, 3), rng.uniform(7, 14)], p=[0.3, 0.7]) * 3600
            up[row, int(start // _MINUTE_S) : int(end // _MINUTE_S)] = False
            outages.append((station.name, start, min(end, horizon_s)))
    for number in range(len(names) - len(STATIONS)):
        rng = np.random.default_rng([seed, 4, number])
        row = len(STATIONS) + number
        day = 0.0
        while day < horizon_s:  # sun-synchronous: some passes in the morning, some in the evening
            for centre in (1.2 + 0.8 * number, 12.9 + 0.7 * number):
                for turn in range(2):
                    start = day + (centre + 1.65 * turn) * 3600 + rng.uniform(-600, 600)
                    end = start + rng.uniform(*_PASS_S)
                    reach[row, max(0, int(start // _MINUTE_S)) : max(0, int(end // _MINUTE_S))] = 1.0
            day += DAY_S
    return Sky(names, place, reach, up, clocks, tuple(outages))


@dataclass(frozen=True)
class Heard:
    """Receptions of one ship's transmissions of one sort, in order of time."""

    time_s: Floats  # of the transmission
    number: Longs  # of the transmission: receptions of one share it
    station: Longs
    fast: NDArray[np.bool_]  # sent at the higher rate of a turning ship


def listen(
    sky: Sky, lon: Floats, lat: Floats, sog_knots: Floats, turning: NDArray[np.bool_], still: NDArray[np.bool_],
    on: NDArray[np.bool_], *, class_b: bool, interval_s: float, thin_s: float, key: int,
    satellites_only: bool = False,
) -> Heard:  # fmt: skip
    """What is heard of one ship. The grid arrays have one value per STEP_S.

    interval_s: 0 for position reports at their own intervals, else a fixed interval. thin_s: a receiver passes on at
    most one report of a ship in each such stretch of its clock; 0 for all.
    """
    time_s, number, station, fast = _listen(
        lon, lat, sog_knots, turning, still, on, sky.place, sky.reach, sky.up, class_b, float(interval_s),
        float(thin_s), np.uint64(key), satellites_only,
    )  # fmt: skip
    return Heard(time_s, number, station, fast)


@kernel
def draw(key: np.uint64, number: int, station: int) -> float:
    """A number in [0, 1) that looks random (splitmix64)."""
    z = (
        np.uint64(key)
        + np.uint64(number) * np.uint64(0x9E3779B97F4A7C15)
        + np.uint64(station) * np.uint64(0xD1B54A32D192ED03)
    )
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z = z ^ (z >> np.uint64(31))
    return float(z >> np.uint64(11)) / 9007199254740992.0


@kernel
def interval_of(sog_knots: float, turning: bool, still: bool, class_b: bool) -> float:
    """Seconds to the next position report. still: navigational status at anchor or moored (class A)."""
    if class_b:
        return 180.0 if sog_knots <= 2.0 else 30.0
    if still and sog_knots <= 3.0:
        return 180.0
    if sog_knots <= 14.0:
        return 10.0 / 3.0 if turning else 10.0
    if sog_knots <= 23.0:
        return 2.0 if turning else 6.0
    return 2.0


@kernel
def odds(lon: float, lat: float, minute: int, s: int, place: Floats, reach: Floats, class_b: bool) -> float:
    """Chance that one transmission from here is heard by station `s` if it is up."""
    if reach[s, minute] <= 0.0:
        return 0.0
    if place[s, 2] == 0.0:
        crowd = 0.35 if (lon > 124.8 or lon < 122.0) else 1.0  # near the coasts the slots are full
        return (_SATELLITE_ODDS[1] if class_b else _SATELLITE_ODDS[0]) * crowd
    far = FAR_B_NM if class_b else FAR_NM
    north = (lat - place[s, 1]) * 60.0
    if abs(north) > far:
        return 0.0
    east = (lon - place[s, 0]) * 60.0 * math.cos(math.radians(lat))
    distance = math.sqrt(north * north + east * east)
    if distance > far:
        return 0.0
    half = place[s, 3 if class_b else 2] * reach[s, minute]
    return _MAX_ODDS / (1.0 + math.exp((distance - half) / _EDGE_NM))


@kernel
def _listen(
    lon: Floats, lat: Floats, sog: Floats, turning: NDArray[np.bool_], still: NDArray[np.bool_],
    on: NDArray[np.bool_], place: Floats, reach: Floats, up: NDArray[np.bool_], class_b: bool, interval_s: float,
    thin_s: float, key: np.uint64, satellites_only: bool,
) -> tuple[Floats, Longs, Longs, NDArray[np.bool_]]:  # fmt: skip
    stations = place.shape[0]
    room = 1024
    time_s, number = np.empty(room), np.empty(room, np.int64)
    station, fast = np.empty(room, np.int64), np.empty(room, np.bool_)
    slot = np.full(stations, np.int64(-1))
    count = 0
    end = (len(lon) - 1) * float(STEP_S)
    t = draw(key, 0, 9999) * (interval_s if interval_s > 0 else 180.0)
    k = 0
    while t < end:
        i = int(t / STEP_S)
        turn = turning[i] and not class_b and sog[i] > 3.0
        step = interval_s if interval_s > 0 else interval_of(sog[i], turn, still[i], class_b)
        if on[i]:
            minute = int(t / _MINUTE_S)
            this = int(t / thin_s) if thin_s > 0 else 0
            for s in range(stations):
                if thin_s > 0 and slot[s] == this:
                    continue
                if not up[s, minute] or (satellites_only and place[s, 2] > 0.0):
                    continue
                p = odds(lon[i], lat[i], minute, s, place, reach, class_b)
                if satellites_only:
                    p *= _LONG_RANGE
                if p > 0.0 and draw(key, k, s) < p:
                    if count == room:
                        time_s = np.concatenate((time_s, np.empty(room)))
                        number = np.concatenate((number, np.empty(room, np.int64)))
                        station = np.concatenate((station, np.empty(room, np.int64)))
                        fast = np.concatenate((fast, np.empty(room, np.bool_)))
                        room *= 2
                    time_s[count], number[count], station[count], fast[count] = t, k, s, turn
                    count += 1
                    slot[s] = this
        # slots are chosen within a fifth of the interval
        t += step * (1.0 + 0.2 * (draw(key, k, 9998) - 0.5)) if step >= 4.0 else step
        k += 1
    return time_s[:count].copy(), number[:count].copy(), station[:count].copy(), fast[:count].copy()


@kernel
def expected(
    lon: Floats, lat: Floats, sog: Floats, still: NDArray[np.bool_], place: Floats, reach: Floats,
    up: NDArray[np.bool_], class_b: bool, as_b: bool, outages: bool, slot_s: float,
) -> Floats:  # fmt: skip
    """For each grid point, how many stretches of `slot_s` would on average have had a report, per grid step.

    outages: with stations down as they were, or as if none had been. as_b: with class B's range or class A's.
    """
    out = np.zeros(len(lon))
    for i in range(len(lon)):
        minute = int(i * STEP_S / _MINUTE_S)
        silent = 1.0
        sent = slot_s / interval_of(sog[i], False, still[i], class_b)
        for s in range(place.shape[0]):
            if outages and not up[s, minute]:
                continue
            silent *= (1.0 - odds(lon[i], lat[i], minute, s, place, reach, as_b)) ** sent
        out[i] = (1.0 - silent) * STEP_S / slot_s
    return out
