"""A ship's true movements: built leg by leg, then sampled each minute."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from darkwake.sim import geography
from darkwake.sim.fleet import Ship

STEP_S = 60.0
_M_PER_DEGREE = 111_195.0
_KNOTS = 1852.0 / 3600.0
UNDER_WAY, AT_ANCHOR, MOORED, FISHING = 0, 1, 5, 7


@dataclass(frozen=True, slots=True)
class Track:
    """The truth of one ship, sampled each minute: seconds from the start, degrees, knots, degrees, metres."""

    t_s: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    sog_knots: np.ndarray
    cog_deg: np.ndarray
    nav_status: np.ndarray
    draught_m: np.ndarray

    def at(self, t_s: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """lon, lat, sog, cog, nav status, draught at any times."""
        before = np.clip(np.searchsorted(self.t_s, t_s, side="right") - 1, 0, len(self.t_s) - 1)
        return (
            np.interp(t_s, self.t_s, self.lon),
            np.interp(t_s, self.t_s, self.lat),
            np.interp(t_s, self.t_s, self.sog_knots),
            self.cog_deg[before],
            self.nav_status[before],
            self.draught_m[before],
        )


@dataclass
class Voyage:
    """A ship under way through its programme. Time runs in seconds from the scenario's start."""

    ship: Ship
    rng: np.random.Generator
    lon: float
    lat: float
    t_s: float = 0.0
    draught_m: float = 0.0
    silent: list[tuple[float, float]] = field(default_factory=list)  # when the transponder was switched off
    _parts: list[tuple[np.ndarray, ...]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.draught_m = self.draught_m or self.ship.light_m

    def stay(self, hours: float, nav_status: int, swing_m: float, drift_knots: float = 0.0) -> None:
        """Lie at anchor or berth (swinging a little), or drift slowly with the tide."""
        t = np.arange(0.0, hours * 3600.0, STEP_S)
        if len(t) == 0:
            return
        phase = self.rng.uniform(0, 2 * np.pi)
        period = 3600.0 * self.rng.uniform(5.5, 6.7)
        if drift_knots:
            # tide: out and back on an ellipse whose speed is the drift's
            reach = drift_knots * _KNOTS * period / (2 * np.pi)
            east = reach * (np.cos(2 * np.pi * t / period + phase) - np.cos(phase))
            north = 0.5 * reach * (np.sin(2 * np.pi * t / period + phase) - np.sin(phase))
        else:
            east = swing_m * (np.cos(2 * np.pi * t / period + phase) - np.cos(phase))
            north = swing_m * (np.sin(2 * np.pi * t / period + phase) - np.sin(phase))
        lon, lat = _offset(self.lon, self.lat, east, north)
        self._add(t, lon, lat, nav_status)
        self.t_s += hours * 3600.0
        self.lon, self.lat = float(lon[-1]), float(lat[-1])

    def sail(self, points: list[tuple[float, float]], knots: float, nav_status: int = UNDER_WAY) -> None:
        """Along straight legs, getting under way and slowing down over ten minutes."""
        lons = np.array([self.lon, *(p[0] for p in points)])
        lats = np.array([self.lat, *(p[1] for p in points)])
        legs = np.array([geography.leg_m(*pair) for pair in zip(lons, lats, lons[1:], lats[1:], strict=False)])
        along = np.concatenate([[0.0], np.cumsum(legs)])
        distance, speed = along[-1], knots * _KNOTS
        if distance < 1.0:
            return
        ramp = min(600.0, distance / speed)
        duration = distance / speed + ramp
        t = np.arange(0.0, duration, STEP_S)
        up = np.minimum(t, ramp)
        down = np.maximum(t - (duration - ramp), 0.0)
        way = speed * (up**2 / (2 * ramp) + np.maximum(t - ramp, 0.0) - down**2 / (2 * ramp))
        way = np.clip(way, 0.0, distance)
        self._add(t, np.interp(way, along, lons), np.interp(way, along, lats), nav_status)
        self.t_s += duration
        self.lon, self.lat = float(lons[-1]), float(lats[-1])

    def sail_to(self, lon: float, lat: float, knots: float | None = None) -> None:
        """To a point in open water, by the lanes."""
        names = geography.lane(geography.nearest_waypoint(self.lon, self.lat), geography.nearest_waypoint(lon, lat))
        self.sail([*(geography.WAYPOINTS[name] for name in names[1:-1]), (lon, lat)], knots or self.ship.speed_knots)

    def enter(self, code: str) -> tuple[float, float]:
        """To a port's berth; returns when the ship passed the outer door (for one that falls silent there) and now."""
        port = geography.port(code)
        outer = _outer(code)
        start = geography.nearest_waypoint(self.lon, self.lat)
        self.sail([geography.WAYPOINTS[name] for name in geography.lane(start, outer)], self.ship.speed_knots)
        passed = self.t_s
        inner = [geography.WAYPOINTS[name] for name in geography.lane(outer, port.door)[1:]]
        spread = 120.0 / _M_PER_DEGREE
        berth = (port.lon + self.rng.uniform(-spread, spread), port.lat + self.rng.uniform(-spread, spread))
        self.sail([*inner, berth], min(8.0, self.ship.speed_knots))
        return passed, self.t_s

    def leave(self, code: str) -> float:
        """From the berth to the outer door; returns when it was passed."""
        port = geography.port(code)
        outer = _outer(code)
        inner = [geography.WAYPOINTS[name] for name in geography.lane(port.door, outer)]
        self.sail(inner, min(8.0, self.ship.speed_knots))
        return self.t_s

    def finish(self) -> Track:
        t, lon, lat, nav, draught = (np.concatenate(column) for column in zip(*self._parts, strict=True))
        east = np.diff(lon, append=lon[-1]) * np.cos(np.radians(lat)) * _M_PER_DEGREE
        north = np.diff(lat, append=lat[-1]) * _M_PER_DEGREE
        dt = np.diff(t, append=t[-1] + STEP_S)
        sog = np.hypot(east, north) / np.maximum(dt, 1.0) / _KNOTS
        cog = np.degrees(np.arctan2(east, north)) % 360.0
        return Track(t, lon, lat, sog, cog, nav.astype(np.int64), draught)

    def _add(self, t: np.ndarray, lon: np.ndarray, lat: np.ndarray, nav_status: int) -> None:
        self._parts.append(
            (self.t_s + t, lon, lat, np.full(len(t), nav_status), np.full(len(t), self.draught_m))
        )  # fmt: skip


def _outer(code: str) -> str:
    """The waypoint at sea at which a port's approach begins."""
    return {"KPNAM": "nampo-off", "CNLKU": "lku-door", "CNTAO": "tao-door", "KRINC": "inc-mid"}.get(
        code, geography.port(code).door
    )


def _offset(lon: float, lat: float, east_m: np.ndarray, north_m: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return lon + east_m / (_M_PER_DEGREE * np.cos(np.radians(lat))), lat + north_m / _M_PER_DEGREE


def beside(lon: float, lat: float, distance_m: float, bearing_deg: float) -> tuple[float, float]:
    """A point so far from another; short distances."""
    angle = np.radians(bearing_deg)
    there = _offset(lon, lat, np.array(distance_m * np.sin(angle)), np.array(distance_m * np.cos(angle)))
    return float(there[0]), float(there[1])
