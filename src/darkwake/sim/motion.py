"""How ships move: along lanes with limited acceleration, swinging at anchor, drifting with the tide, side by side.

Everything is computed on a grid of STEP_S seconds; what receivers see is interpolated from it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from darkwake.sim.geography import Point
from darkwake.units import KNOTS_TO_METRES_PER_SECOND

Floats = NDArray[np.float64]

STEP_S = 20
_METRES = 111_195.0  # of a degree of latitude
_SPACING_M = 100.0
_ACCELERATION = 0.015  # m/s²: some minutes to full speed, as a loaded ship takes
_CREEP = 0.4  # m/s, at the quay
#: Within so many metres of the end of a voyage, no faster than so many knots.
_HARBOUR = ((900.0, 4.0), (4500.0, 7.0), (12_000.0, 10.0))
_TIDE_S = 12.42 * 3600


def offset(point: Point, east_m: float, north_m: float) -> Point:
    """The point so many metres east and north."""
    return point[0] + east_m / (_METRES * np.cos(np.radians(point[1]))), point[1] + north_m / _METRES


def path(points: Sequence[Point], sway: Floats, open_m: tuple[float, float]) -> tuple[Floats, Floats, Floats]:
    """(lon, lat, metres from the start) every 100 m along a lane with rounded corners.

    sway: three numbers in [-1, 1] that set the ship beside the lane by up to 900 m, between `open_m` metres after the
    start and before the end only, since approaches are narrow.
    """
    raw = np.asarray(points, np.float64)
    east = _METRES * np.cos(np.radians(0.5 * (raw[1:, 1] + raw[:-1, 1])))
    legs = np.hypot(np.diff(raw[:, 0]) * east, np.diff(raw[:, 1]) * _METRES)
    raw, legs = raw[np.r_[True, legs > 0.5]], legs[legs > 0.5]
    along = np.r_[0.0, np.cumsum(legs)]
    at = np.linspace(0.0, along[-1], max(3, int(along[-1] / _SPACING_M) + 1))
    lon, lat = np.interp(at, along, raw[:, 0]), np.interp(at, along, raw[:, 1])
    reach = min(6, (len(at) - 1) // 2)
    lon, lat = _rounded(lon, reach), _rounded(lat, reach)
    x, y = np.gradient(lon) * np.cos(np.radians(lat)), np.gradient(lat)
    norm = np.hypot(x, y) + 1e-12
    room = np.clip((at - open_m[0]) / 9000.0, 0, 1) * np.clip((along[-1] - open_m[1] - at) / 9000.0, 0, 1)
    room = room * room * (3 - 2 * room)
    beside = room * (700.0 * sway[0] + 200.0 * sway[1] * np.sin(at / 7000.0 + 3 * sway[2]))
    beside = beside / _METRES
    lon, lat = lon - beside * y / norm / np.cos(np.radians(lat)), lat + beside * x / norm
    east = _METRES * np.cos(np.radians(0.5 * (lat[1:] + lat[:-1])))
    return lon, lat, np.r_[0.0, np.cumsum(np.hypot(np.diff(lon) * east, np.diff(lat) * _METRES))]


def _rounded(values: Floats, reach: int) -> Floats:
    """Moving average that keeps both ends."""
    if reach < 1:
        return values
    padded = np.r_[2 * values[0] - values[reach:0:-1], values, 2 * values[-1] - values[-2 : -reach - 2 : -1]]
    return np.convolve(padded, np.ones(2 * reach + 1) / (2 * reach + 1), "valid")


def timing(at: Floats, speed_knots: float, harbours: tuple[bool, bool], pace: Floats, way_mps: float = 0.0) -> Floats:
    """Seconds from the start at which each point of a path is passed.

    harbours: whether the start and the end are in a port, where ships go slowly; pace: a factor on the speed at each
    point (weather, currents); way_mps: the speed that the ship has at the start.
    """
    knot = KNOTS_TO_METRES_PER_SECOND
    limit = speed_knots * knot * pace
    for here, far in ((harbours[0], at), (harbours[1], at[-1] - at)):
        if here:
            for metres, knots in _HARBOUR:
                limit = np.where(far < metres, np.minimum(limit, knots * knot), limit)
    squared = limit * limit
    for order in (1, -1):  # speeding up from the start, slowing down to the end
        ds = np.diff(at)
        # v² may rise by 2·a·ds from point to point: a running minimum of v² − 2·a·s, then back
        s = np.r_[0.0, np.cumsum(2 * _ACCELERATION * (ds if order == 1 else ds[::-1]))]
        v2 = squared[::order].copy()
        v2[0] = max(_CREEP, way_mps if order == 1 else 0.0) ** 2
        squared = (np.minimum.accumulate(v2 - s) + s)[::order]
    v = np.sqrt(np.maximum(squared, _CREEP * _CREEP))
    return np.r_[0.0, np.cumsum(np.diff(at) / (0.5 * (v[1:] + v[:-1])))]


def swing(seconds: Floats, radius_m: float, angle: float, phase: float) -> tuple[Floats, Floats, Floats]:
    """(east m, north m, heading °) of a ship at anchor, from where it lies at the first moment.

    It turns round with the tide every 6.2 h and yaws by some degrees.
    """
    turn = np.pi * _steps(seconds / (_TIDE_S / 2) + phase)
    theta = angle + turn - np.pi * _steps(np.array([phase]))[0]
    theta = theta + 0.15 * np.sin(seconds / 140.0) * np.clip(seconds / 900.0, 0, 1)
    east, north = radius_m * np.cos(theta), radius_m * np.sin(theta)
    heading = np.degrees(np.arctan2(-np.cos(theta), -np.sin(theta))) % 360
    return east - radius_m * np.cos(angle), north - radius_m * np.sin(angle), heading


def _steps(value: Floats) -> Floats:
    """A staircase with soft edges: each unit it rises by one, within a tenth of the unit."""
    whole = np.floor(value)
    soft = np.clip((value - whole - 0.45) / 0.1, 0, 1)
    return whole + soft * soft * (3 - 2 * soft)


def drift(seconds: Floats, start_s: float, set_: Floats) -> tuple[Floats, Floats]:
    """(east m, north m) of a drifting ship: the tide to and fro, and a slow set with the wind.

    set_: strength of the tide in knots, its direction in radians, east and north set in knots.
    """
    strength, direction, east_set, north_set = set_
    knot = KNOTS_TO_METRES_PER_SECOND
    omega = 2 * np.pi / _TIDE_S
    ramp_s = 1200.0  # the way runs off the ship only slowly
    t = np.where(seconds < ramp_s, seconds * seconds / (2 * ramp_s), seconds - ramp_s / 2)
    swung = (np.sin(omega * (start_s + t)) - np.sin(omega * start_s)) / omega * strength * knot
    across = (np.cos(omega * (start_s + t)) - np.cos(omega * start_s)) / omega * strength * knot * 0.35
    east = swung * np.cos(direction) - across * np.sin(direction) + east_set * knot * t
    north = swung * np.sin(direction) + across * np.cos(direction) + north_set * knot * t
    return east, north


def falling_in(seconds: Floats) -> Floats:
    """How many seconds behind a passing ship one is that starts from rest as it comes by, and catches up."""
    start_s, faster = 120.0, 0.2
    lost = start_s / 2
    behind = np.where(seconds < start_s, seconds - seconds * seconds / (2 * start_s), lost)
    return np.clip(behind - faster * np.clip(seconds - start_s, 0, None), 0, None)
