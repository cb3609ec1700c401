"""Who hears what: transmissions by the reporting intervals, stations with range and outages, satellite passes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from darkwake.sim.fleet import Ship
from darkwake.sim.voyage import AT_ANCHOR, MOORED, Track

_NM = 1852.0


@dataclass(frozen=True, slots=True)
class Station:
    """A made-up receiver. Names begin with SIM; MMSI 0 means that it sends no type 4."""

    name: str
    mmsi: int
    lon: float
    lat: float
    sure_nm: float  # within this nearly everything of class A is heard
    limit_nm: float  # beyond this nothing is


STATIONS: tuple[Station, ...] = (
    Station("SIM-INC", 2990001, 126.40, 37.30, 40, 65),
    Station("SIM-LYG", 2990002, 119.60, 34.80, 40, 65),
    Station("SIM-DLC", 2990003, 121.80, 38.92, 40, 65),
    Station("SIM-CHE", 2990004, 122.70, 37.40, 40, 65),
    Station("SIM-TAO", 2990005, 120.60, 36.00, 40, 65),
    Station("SIM-BAE", 2990006, 124.70, 37.95, 45, 75),
    Station("SIM-LKU", 2990007, 120.40, 37.80, 35, 60),
    Station("SIM-PLN", 2990008, 123.60, 36.90, 40, 70),  # platforms in open water
    Station("SIM-PLM", 2990009, 123.30, 35.90, 40, 70),
    Station("SIM-PLS", 2990010, 122.60, 35.00, 40, 70),
)
SATELLITE = "SIM-SAT1"
_CLASS_B_RANGE = 0.6  # class B sends with 2 W instead of 12.5 W


@dataclass(frozen=True, slots=True)
class Outage:
    station: str
    start_s: float
    end_s: float


def intervals(ship: Ship, sog_knots: np.ndarray, nav_status: np.ndarray) -> np.ndarray:
    """Seconds between position reports, by ITU-R M.1371-5 annex 1, table 1 (course changes left out)."""
    if ship.class_b:
        return np.where(sog_knots > 2.0, 30.0, 180.0)
    lying = ((nav_status == AT_ANCHOR) | (nav_status == MOORED)) & (sog_knots < 3.0)
    return np.select([lying, sog_knots <= 14.0, sog_knots <= 23.0], [180.0, 10.0, 6.0], 2.0)


def transmissions(
    ship: Ship, track: Track, rng: np.random.Generator, horizon_s: float, least_interval_s: float
) -> np.ndarray:
    """Times of position reports. `least_interval_s` thins what is kept, as many receivers' feeds are thinned."""
    minutes = track.t_s[track.t_s < horizon_s]
    _, _, sog, _, nav, _ = track.at(minutes)
    every = np.maximum(intervals(ship, sog, nav), least_interval_s)
    # walk the clock through the minute grid: reports due in each minute are carried over as a running sum
    due = np.cumsum(60.0 / every) + rng.uniform(0, 1)
    counts = np.diff(np.floor(due), prepend=np.floor(due[0]) if len(due) else 0).astype(np.int64)
    times = np.repeat(minutes, counts)
    first = np.repeat(np.cumsum(counts) - counts, counts)
    inside = (np.arange(len(times)) - first) / np.repeat(np.maximum(counts, 1), counts)
    return np.sort(times + 60.0 * inside + rng.uniform(0, 5, len(times)))


def unsilenced(times: np.ndarray, silent: list[tuple[float, float]]) -> np.ndarray:
    """Those transmissions that were made: the transponder was on."""
    on = np.ones(len(times), bool)
    for start, end in silent:
        on &= (times < start) | (times > end)
    return times[on]


def make_outages(rng: np.random.Generator, horizon_s: float) -> list[Outage]:
    """Each station fails now and then, for hours."""
    found = []
    for station in STATIONS:
        for _ in range(int(rng.poisson(horizon_s / (6 * 86400.0)))):
            start = rng.uniform(0, horizon_s)
            found.append(Outage(station.name, start, start + rng.uniform(2, 12) * 3600.0))
    return found


def make_passes(rng: np.random.Generator, horizon_s: float) -> list[tuple[float, float]]:
    """Satellite passes: about ten minutes, every one to three hours."""
    found, t = [], rng.uniform(0, 7200)
    while t < horizon_s:
        found.append((t, t + rng.uniform(420, 720)))
        t += rng.uniform(3600, 10800)
    return found


def hear(
    ship: Ship,
    lon: np.ndarray,
    lat: np.ndarray,
    times: np.ndarray,
    rng: np.random.Generator,
    outages: list[Outage],
    passes: list[tuple[float, float]],
) -> list[tuple[str, np.ndarray]]:
    """Which transmissions each receiver got: (station, indices into `times`)."""
    heard = []
    for station in STATIONS:
        reach = _CLASS_B_RANGE if ship.class_b else 1.0
        x = (lon - station.lon) * np.cos(np.radians(station.lat)) * 60.0
        distance_nm = np.hypot(x, (lat - station.lat) * 60.0)
        span = (station.limit_nm - station.sure_nm) * reach
        chance = np.clip((station.limit_nm * reach - distance_nm) / span, 0.0, 1.0) * 0.97
        for outage in outages:
            if outage.station == station.name:
                chance[(times >= outage.start_s) & (times < outage.end_s)] = 0.0
        got = np.flatnonzero(rng.random(len(times)) < chance)
        if len(got):
            heard.append((station.name, got))
    if not ship.class_b:
        over = np.zeros(len(times), bool)
        for start, end in passes:
            over |= (times >= start) & (times < end)
        got = np.flatnonzero(over & (rng.random(len(times)) < 0.08))
        if len(got):
            heard.append((SATELLITE, got))
    return heard


def station_named(name: str) -> Station:
    return next(station for station in STATIONS if station.name == name)
