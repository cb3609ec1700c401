"""One ship's true track, written forward in time by orders: sail, moor, anchor, drift, go alongside, keep company."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from darkwake.sim import motion
from darkwake.sim.fleet import Ship
from darkwake.sim.geography import Point, leg_m
from darkwake.sim.motion import STEP_S

Floats = NDArray[np.float64]
HOUR_S = 3600.0
UNDER_WAY, AT_ANCHOR, NOT_UNDER_COMMAND, RESTRICTED, MOORED, FISHING = 0, 1, 2, 3, 5, 7


@dataclass(frozen=True, slots=True)
class Silence:
    """The ship's own transmitter is off: switched_off or antenna_fault."""

    start_s: float
    end_s: float
    cause: str


@dataclass(frozen=True, slots=True)
class Voyage:
    """What the crew has typed in, from `at_s` on."""

    at_s: float
    draught_m: float
    destination: str
    eta_s: float


@dataclass(frozen=True, slots=True)
class Remark:
    """Why something was done at a time: becomes cause and note of the true events found there."""

    kind: str
    start_s: float
    end_s: float
    cause: str
    note: str = ""


class Helm:
    """Orders move the clock `now` (seconds from the start of the scenario); after the horizon they do nothing."""

    def __init__(self, ship: Ship, start: Point, horizon_s: float, rng: np.random.Generator, current: Floats) -> None:
        self.ship, self.rng, self.horizon_s = ship, rng, horizon_s
        self.current = current  # tide and set, as `motion.drift` takes them
        count = int(horizon_s // STEP_S) + 1
        self.lon, self.lat = np.full(count, start[0]), np.full(count, start[1])
        self.heading = np.zeros(count)
        self.status = np.zeros(count, np.int8)
        self._next = 0  # first grid point not yet written
        self.silences: list[Silence] = []
        self.remarks: list[Remark] = []
        self.voyages = [Voyage(0.0, ship.light_m, "", 0.0)]
        self.storms: Sequence[tuple[float, float]] = ()
        self._status = UNDER_WAY
        self._status_from = 0.0
        self._heading = float(rng.uniform(0, 360))

    @property
    def now(self) -> float:
        return self._next * float(STEP_S)

    @property
    def done(self) -> bool:
        return self._next >= len(self.lon)

    @property
    def place(self) -> Point:
        last = min(max(self._next - 1, 0), len(self.lon) - 1)
        return float(self.lon[last]), float(self.lat[last])

    def at(self, moment_s: float) -> Point:
        """Where the ship is at a moment that was already written."""
        i = min(int(moment_s // STEP_S), len(self.lon) - 1)
        return float(self.lon[i]), float(self.lat[i])

    # -- orders ------------------------------------------------------------------------------------------------

    def sail(
        self, points: Sequence[Point], *, speed_knots: float | None = None, from_port: bool = False,
        to_port: bool = False, open_m: tuple[float, float] = (0.0, 0.0), status: int = UNDER_WAY,
    ) -> None:  # fmt: skip
        """Along a lane from where the ship is now."""
        if self.done:
            return
        self._set_status(status)
        speed = speed_knots or self.ship.cruise_knots * self.rng.uniform(0.93, 1.03)
        lon, lat, at = motion.path([self.place, *points], self.rng.uniform(-1, 1, 3), open_m)
        pace = 1 + 0.02 * np.sin(at / 9000.0 + self.rng.uniform(0, 6))
        if any(start <= self.now < end for start, end in self.storms):
            pace = pace * 0.6
        when = motion.timing(at, speed, (from_port, to_port), pace, 0.6 * self._way_mps())
        seconds = np.arange(STEP_S, when[-1] + STEP_S, STEP_S)
        x, y = np.interp(seconds, when, lon), np.interp(seconds, when, lat)
        east, north = np.gradient(lon) * np.cos(np.radians(lat)), np.gradient(lat)
        course = np.unwrap(np.arctan2(east, north))
        self._heading = float(np.degrees(course[-1]) % 360)
        self._write(x, y, np.degrees(np.interp(seconds, when, course)) % 360)

    def moor(self, hours: float) -> None:
        self._set_status(MOORED)
        count = self._count(hours)
        lon, lat = self.place
        self._write(np.full(count, lon), np.full(count, lat), np.full(count, self._heading))

    def anchor(self, hours: float) -> None:
        self._set_status(AT_ANCHOR)
        seconds = _seconds(self._count(hours))
        angle = np.radians(90 - self._heading) + np.pi  # the bow points to the anchor
        east, north, heading = motion.swing(seconds, self.rng.uniform(50, 85), angle, self.rng.uniform(0, 0.4))
        self._offset(east, north, heading)

    def drift(self, hours: float, status: int = UNDER_WAY) -> None:
        self._set_status(status)
        seconds = _seconds(self._count(hours))
        own = self.current * np.array([self.rng.uniform(0.97, 1.03), 1, 1, 1])
        east, north = motion.drift(seconds, self.now, own)
        heading = (self._heading + 25 * np.sin(seconds / 5400.0) + seconds / 900.0) % 360
        self._offset(east, north, heading)

    def alongside(self, other: Helm, until_s: float, offset_m: tuple[float, float], status: int = UNDER_WAY) -> None:
        """Beside another ship, at a fixed offset, as far as the other's track is written."""
        self._set_status(status)
        first, last = self._next, min(int(until_s // STEP_S), other._next)
        if last <= first or self.done:
            return
        beside = motion.offset((0.0, self.place[1]), *offset_m)
        dx, dy = beside[0], beside[1] - self.place[1]
        seconds = _seconds(last - first)
        blend = np.clip(seconds / 900.0, 0, 1)
        blend = blend * blend * (3 - 2 * blend)
        step = np.arange(first, last) - 1 + seconds[:1] / STEP_S
        if other._way_mps(first) > 1.0:
            step = step - motion.falling_in(seconds) / STEP_S
        grid = np.arange(len(other.lon))
        lon, lat = np.interp(step, grid, other.lon) + dx, np.interp(step, grid, other.lat) + dy
        own, ahead = self.place, (float(other.lon[max(first - 1, 0)]) + dx, float(other.lat[max(first - 1, 0)]) + dy)
        lon, lat = lon + (1 - blend) * (own[0] - ahead[0]), lat + (1 - blend) * (own[1] - ahead[1])
        self._write(lon, lat, other.heading[first:last])

    def wait(self, hours: float) -> None:
        """Stay as one is (moored at a base, for example), without a change of status."""
        count = self._count(hours)
        lon, lat = self.place
        self._write(np.full(count, lon), np.full(count, lat), np.full(count, self._heading))

    # -- what the crew says ------------------------------------------------------------------------------------

    def report(self, *, draught_m: float | None = None, destination: str | None = None, eta_s: float = 0.0) -> None:
        """Type in new voyage data; a careless crew does it hours late."""
        last = self.voyages[-1]
        late = self.rng.exponential(2.5) if self.rng.random() < self.ship.careless else self.rng.uniform(0.02, 0.4)
        at = max(self.now + late * HOUR_S, last.at_s + 1.0)
        self.voyages.append(
            Voyage(
                at, last.draught_m if draught_m is None else round(draught_m, 1),
                last.destination if destination is None else destination, eta_s,
            )
        )  # fmt: skip

    def silence(self, start_s: float, end_s: float, cause: str) -> None:
        self.silences.append(Silence(start_s, end_s, cause))

    def remark(self, kind: str, start_s: float, end_s: float, cause: str, note: str = "") -> None:
        if start_s < end_s:
            self.remarks.append(Remark(kind, start_s, end_s, cause, note))

    # -- writing -----------------------------------------------------------------------------------------------

    def _way_mps(self, step: int | None = None) -> float:
        """Speed over the step before this one (default: now)."""
        i = self._next if step is None else step
        if i < 2:
            return 0.0
        a, b = (float(self.lon[i - 2]), float(self.lat[i - 2])), (float(self.lon[i - 1]), float(self.lat[i - 1]))
        return leg_m(a, b) / STEP_S

    def _count(self, hours: float) -> int:
        return max(1, int(hours * HOUR_S / STEP_S))

    def _offset(self, east_m: Floats, north_m: Floats, heading: Floats) -> None:
        lon, lat = motion.offset(self.place, 1.0, 1.0)
        here = self.place
        self._write(here[0] + east_m * (lon - here[0]), here[1] + north_m * (lat - here[1]), heading)
        self._heading = float(heading[-1])

    def _write(self, lon: Floats, lat: Floats, heading: Floats) -> None:
        first, last = self._next, min(self._next + len(lon), len(self.lon))
        count = last - first
        if count <= 0:
            return
        self.lon[first:last], self.lat[first:last] = lon[:count], lat[:count]
        self.heading[first:last] = heading[:count]
        late = int(max(0.0, self._status_from - self.now) // STEP_S)
        self.status[first:last] = self._status
        self.status[first : min(first + late, last)] = self.status[first - 1] if first else self._status
        self._next = last

    def _set_status(self, status: int) -> None:
        """The status is set by hand: late, or forgotten, on a careless ship. Class B sends none."""
        if status == self._status:
            return
        draw = self.rng.random()
        if draw < 0.25 * self.ship.careless:
            return  # forgotten altogether
        late = self.rng.exponential(1.5) if draw < 0.8 * self.ship.careless else self.rng.uniform(0, 0.15)
        self._status, self._status_from = status, self.now + late * HOUR_S


def _seconds(count: int) -> Floats:
    """The time after the beginning of an order of each of its grid points."""
    return np.arange(1, count + 1, dtype=np.float64) * STEP_S
