"""From true tracks and receptions to the fields of messages: what the instruments say, and what the crew typed."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkwake import times
from darkwake.sim.crew import Crew
from darkwake.sim.motion import STEP_S
from darkwake.sim.radio import Heard
from darkwake.units import KNOTS_TO_METRES_PER_SECOND

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
_METRES = 111_195.0
#: How far a stray position is off, nautical miles (least, most).
STRAY_NM = (5.0, 200.0)


@dataclass(frozen=True)
class Dirt:
    """Shares, 0 to 1, of a ship's transmissions whose position is wrong, or not given."""

    strays: float = 0.0
    no_position: float = 0.0

    def missing(self, number: Longs, key: int) -> NDArray[np.bool_]:
        """Per reception, whether its transmission carries no position."""
        return _uniform(number, key, 101) < self.no_position

    def astray(self, number: Longs, key: int, lon: Floats, lat: Floats) -> tuple[Floats, Floats]:
        """Positions as transmitted: a stray is `STRAY_NM` off, on any bearing."""
        hit = _uniform(number, key, 103) < self.strays
        off_deg = (STRAY_NM[0] + (STRAY_NM[1] - STRAY_NM[0]) * _uniform(number, key, 107)) / 60.0 * hit
        bearing = 2.0 * np.pi * _uniform(number, key, 109)
        return lon + off_deg * np.sin(bearing) / np.cos(np.radians(lat)), lat + off_deg * np.cos(bearing)


@dataclass(frozen=True)
class Motion:
    """A ship's true track on the grid, with what follows from it."""

    lon: Floats
    lat: Floats
    sog_knots: Floats
    cog_deg: Floats  # unwrapped, so that it can be interpolated
    heading_deg: Floats  # unwrapped
    rot: Floats  # degrees per minute
    turning: NDArray[np.bool_]
    still: NDArray[np.bool_]
    status: NDArray[np.int8]


def motion_of(crew: Crew) -> Motion:
    helm = crew.helm
    east = np.gradient(helm.lon) * np.cos(np.radians(helm.lat)) * _METRES / STEP_S
    north = np.gradient(helm.lat) * _METRES / STEP_S
    sog = np.hypot(east, north) / KNOTS_TO_METRES_PER_SECOND
    course = np.degrees(np.unwrap(np.arctan2(east, north)))
    heading = np.degrees(np.unwrap(np.radians(helm.heading)))
    rot = np.gradient(course) * 60.0 / STEP_S
    return Motion(
        helm.lon, helm.lat, sog, course, heading, rot,
        turning=(np.abs(rot) > 10.0) & (sog > 3.0),
        still=(helm.status == 1) | (helm.status == 5),
        status=helm.status,
    )  # fmt: skip


def transmitter_on(crew: Crew) -> NDArray[np.bool_]:
    """Per grid step, whether the ship's own transmitter works."""
    on = np.ones(len(crew.helm.lon), bool)
    for silence in crew.helm.silences:
        on[int(silence.start_s // STEP_S) : int(silence.end_s // STEP_S)] = False
    return on


def position_fields(crew: Crew, motion: Motion, heard: Heard, key: int, epoch_s: float, dirt: Dirt) -> dict[str, Longs]:
    """Fields of types 1, 3 and 18 as transmitted, one row per reception. Receptions of one transmission are equal."""
    t = heard.time_s
    grid = np.arange(len(motion.lon)) * float(STEP_S)
    nearest = np.minimum(np.round(t / STEP_S).astype(np.int64), len(grid) - 1)
    noise = _noise(t, heard.number, key)
    lon = np.interp(t, grid, motion.lon) + noise[0] / _METRES / np.cos(np.radians(motion.lat[nearest]))
    lat = np.interp(t, grid, motion.lat) + noise[1] / _METRES
    for begin, end in _spells(crew, "frozen"):
        stuck = (t >= begin) & (t < end)
        lon[stuck], lat[stuck] = np.interp(begin, grid, motion.lon), np.interp(begin, grid, motion.lat)
    lon, lat = dirt.astray(heard.number, key, lon, lat)
    missing = without_position(crew, heard, key, dirt)
    sog = np.interp(t, grid, motion.sog_knots)
    sog = np.abs(sog + 0.08 * noise[2])
    moving = sog > 0.3
    cog = np.interp(t, grid, motion.cog_deg) + np.clip(4.0 / np.maximum(sog, 0.3), 0.2, 60) * noise[3]
    heading = np.interp(t, grid, motion.heading_deg) + 0.4 * noise[4]
    ship = crew.ship
    course = np.round(cog * 10).astype(np.int64) % 3600
    rot = np.interp(t, grid, motion.rot)
    raw = np.round(4.733 * np.sqrt(np.abs(rot)) * np.sign(rot)).astype(np.int64)
    if not ship.rot_sensor:
        raw = np.full(len(t), -128)
    raw = np.where(np.abs(raw) > 126, -128, raw)
    own = np.full(len(t), ship.mmsi, np.int64)
    fields = {
        "mmsi": own,
        "sog": np.where(missing, 1023, np.minimum(np.round(sog * 10), 1022)).astype(np.int64),
        "accurate": np.ones(len(t), np.int64) * (ship.number % 3 != 0),
        "lon": np.round(np.where(missing, 181.0, lon) * 600_000).astype(np.int64),
        "lat": np.round(np.where(missing, 91.0, lat) * 600_000).astype(np.int64),
        "cog": np.where((moving | (not ship.class_b)) & ~missing, course, 3600),
        "heading": np.where(ship.class_b, 511, np.round(heading).astype(np.int64) % 360),
        "second": np.floor(epoch_s + t).astype(np.int64) % 60,
        "radio": _hash(heard.number, key, 7) % 114_688,
    }
    if not ship.class_b:
        fields |= {"nav_status": motion.status[nearest].astype(np.int64), "rot": raw & 0xFF,
                   "type": np.where(heard.fast, 3, 1).astype(np.int64)}  # fmt: skip
    else:
        fields |= {"cs": np.ones(len(t), np.int64), "dsc": np.ones(len(t), np.int64), "band": np.ones(len(t), np.int64),
                   "message22": np.ones(len(t), np.int64), "selector": np.ones(len(t), np.int64)}  # fmt: skip
    return fields


def without_position(crew: Crew, heard: Heard, key: int, dirt: Dirt) -> NDArray[np.bool_]:
    """Per reception, whether its transmission carries no position: by accident, or over a spell that is planned."""
    missing = dirt.missing(heard.number, key)
    for begin, end in _spells(crew, "no_position"):
        missing |= (heard.time_s >= begin) & (heard.time_s < end)
    return missing


def _spells(crew: Crew, kind: str) -> list[tuple[float, float]]:
    return [(remark.start_s, remark.end_s) for remark in crew.helm.remarks if remark.kind == kind]


def long_range_fields(crew: Crew, motion: Motion, heard: Heard, key: int, dirt: Dirt) -> dict[str, Longs]:
    """Fields of type 27: coarse position, speed in whole knots."""
    grid = np.arange(len(motion.lon)) * float(STEP_S)
    t = heard.time_s
    nearest = np.minimum(np.round(t / STEP_S).astype(np.int64), len(grid) - 1)
    lon, lat = np.interp(t, grid, motion.lon), np.interp(t, grid, motion.lat)
    lon, lat = dirt.astray(heard.number, key, lon, lat)
    missing = without_position(crew, heard, key, dirt)
    return {
        "mmsi": np.full(len(t), crew.ship.mmsi, np.int64),
        "nav_status": motion.status[nearest].astype(np.int64),
        "lon": np.round(np.where(missing, 181.0, lon) * 600).astype(np.int64),
        "lat": np.round(np.where(missing, 91.0, lat) * 600).astype(np.int64),
        "sog": np.where(missing, 63, np.minimum(np.round(motion.sog_knots[nearest]), 62)).astype(np.int64),
        "cog": np.where(missing, 511, np.round(motion.cog_deg[nearest]).astype(np.int64) % 360),
    }


def voyage_rows(crew: Crew, time_s: Floats) -> Longs:
    """Which of the crew's voyage data was in the transponder at these times."""
    starts = np.array([v.at_s for v in crew.helm.voyages])
    return np.maximum(np.searchsorted(starts, time_s, "right") - 1, 0)


def static_fields(crew: Crew, time_s: Floats, epoch_us: int) -> dict[str, object]:
    """Fields of type 5."""
    ship, rows = crew.ship, voyage_rows(crew, time_s)
    voyages = crew.helm.voyages
    eta = [times.to_datetime(epoch_us + int(v.eta_s * 1e6)) if v.eta_s else None for v in voyages]

    def part(pick: str, missing: int) -> Longs:
        return np.array([missing if e is None else getattr(e, pick) for e in eta], np.int64)[rows]

    return {
        "mmsi": np.full(len(time_s), ship.mmsi, np.int64), "imo": ship.imo, "callsign": ship.callsign,
        "name": ship.name, "ship_type": ship.kind.ship_type, **_size(crew), "epfd": 1, "eta_month": part("month", 0),
        "eta_day": part("day", 0), "eta_hour": part("hour", 24), "eta_minute": part("minute", 60),
        "draught": np.array([round(v.draught_m * 10) for v in voyages], np.int64)[rows],
        "destination": [voyages[row].destination for row in rows],
    }  # fmt: skip


def part_a_fields(crew: Crew, count: int) -> dict[str, object]:
    return {"mmsi": np.full(count, crew.ship.mmsi, np.int64), "name": crew.ship.name}


def part_b_fields(crew: Crew, count: int) -> dict[str, object]:
    return {
        "mmsi": np.full(count, crew.ship.mmsi, np.int64), "part": 1, "ship_type": crew.ship.kind.ship_type,
        "vendor": "SIM", "callsign": crew.ship.callsign, **_size(crew),
    }  # fmt: skip


def base_fields(station: int, lon: float, lat: float, time_s: Floats, epoch_us: int) -> dict[str, object]:
    """Fields of type 4: the time of the base station itself. Its number is 00 + an unallocated MID."""
    moments = [times.to_datetime(epoch_us + int(t * 1e6)) for t in time_s]

    def part(pick: str) -> Longs:
        return np.array([getattr(m, pick) for m in moments], np.int64)

    return {
        "mmsi": np.full(len(time_s), 2_990_001 + station, np.int64),
        **{name: part(name) for name in ("year", "month", "day", "hour", "minute", "second")},
        "accurate": 1, "lon": round(lon * 600_000), "lat": round(lat * 600_000), "epfd": 1,
    }  # fmt: skip


def day_of(epoch_us: int, time_s: float) -> str:
    moment: dt.datetime = times.to_datetime(epoch_us + int(time_s * 1e6))
    return moment.strftime("%Y-%m-%d")


def _size(crew: Crew) -> dict[str, int]:
    ship = crew.ship
    return {
        "to_bow": ship.bow_m, "to_stern": ship.length_m - ship.bow_m,
        "to_port": ship.port_m, "to_starboard": ship.beam_m - ship.port_m,
    }  # fmt: skip


def _hash(number: Longs, key: int, salt: int) -> Longs:
    """Numbers that look random, non-negative (splitmix64); the same for all receptions of one transmission."""
    with np.errstate(over="ignore"):
        z = number.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(key) + np.uint64(salt * 0x51_7C_C1)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return ((z ^ (z >> np.uint64(31))) >> np.uint64(1)).astype(np.int64)


def _uniform(number: Longs, key: int, salt: int) -> Floats:
    """Numbers from 0 to 1 that look random, the same for all receptions of one transmission."""
    return (_hash(number, key, salt) % 1_000_000) / 1e6


def _noise(t: Floats, number: Longs, key: int) -> Floats:
    """[5, n]: GNSS errors east and north in metres (slow waves and a little jitter), three of unit size."""
    out = np.empty((5, len(t)))
    phase = (_hash(np.arange(12, dtype=np.int64), key, 1) % 6283) / 1000.0
    for row in range(2):
        slow = sum(
            size * np.sin(2 * np.pi * t / period + phase[4 * row + k])
            for k, (size, period) in enumerate(((2.0, 3700.0), (1.4, 1300.0), (0.8, 410.0)))
        )
        out[row] = slow
    for row in range(5):
        # the sum of four uniform draws is close enough to a normal one
        unit = sum((_hash(number, key, 11 + 5 * row + k) % 10_000) / 10_000.0 for k in range(4))
        jitter = (unit - 2.0) * 1.732
        out[row] = out[row] + 0.8 * jitter if row < 2 else jitter
    return out
