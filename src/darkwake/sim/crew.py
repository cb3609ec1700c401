"""What ships do between the orders of the helm: calls at ports, waiting, transfers, silent voyages. With remarks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from darkwake.sim import geography, motion
from darkwake.sim.fleet import Ship, make_ship
from darkwake.sim.geography import PORTS, SEA, Point, leg_m, length_m
from darkwake.sim.helm import HOUR_S, MOORED, UNDER_WAY, Helm, Voyage

SWITCHED_OFF, ANTENNA_FAULT = "switched_off", "antenna_fault"


@dataclass
class World:
    """What all ships share: the horizon, the sea state, who waits where."""

    seed: int
    horizon_s: float
    rng: np.random.Generator
    storms: list[tuple[float, float]] = field(default_factory=list)
    crews: list[Crew] = field(default_factory=list)
    _taken: dict[str, list[tuple[Point, float, float]]] = field(default_factory=dict)

    def add(self, kind: str, node: str) -> Crew:
        """A new ship: in a berth if `node` is a port, else at sea there."""
        number = len(self.crews)
        rng = np.random.default_rng([self.seed, 1, number])
        ship = make_ship(number, kind, rng)
        port = PORTS.get(node)
        start = _near(rng, port.berths[int(rng.integers(len(port.berths)))], 40.0) if port else SEA[node]
        current = np.array([0.6, 1.1, 0.02, -0.015])
        helm = Helm(ship, start, self.horizon_s, rng, current)
        helm.storms = self.storms
        crew = Crew(self, ship, helm, rng, node)
        self.crews.append(crew)
        return crew

    def slot(self, name: str, centre: Point, spacing_m: float, rings: int, start_s: float, end_s: float) -> Point:
        """A place of one's own on a hexagonal pattern, so that those who wait do not meet by chance."""
        taken = self._taken.setdefault(name, [])
        for wider in range(rings, rings + 3):
            pattern = (
                motion.offset(centre, spacing_m * (q + r / 2), spacing_m * r * 0.866)
                for q in range(-wider, wider + 1)
                for r in range(max(-wider, -q - wider), min(wider, -q + wider) + 1)
            )
            free = [p for p in pattern if not any(p == at and start_s < b and a < end_s for at, a, b in taken)]
            if free:
                break
        else:
            free = [centre]
        point = free[int(self.rng.integers(len(free)))]
        taken.append((point, start_s, end_s))
        return point


def _near(rng: np.random.Generator, point: Point, metres: float) -> Point:
    return motion.offset(point, *rng.uniform(-metres, metres, 2))


@dataclass
class Crew:
    """One ship's people. `node`: the port or turning point where the ship is."""

    world: World
    ship: Ship
    helm: Helm
    rng: np.random.Generator
    node: str
    laden: bool = False

    @property
    def now(self) -> float:
        return self.helm.now

    @property
    def done(self) -> bool:
        return self.helm.done

    # -- sailing -----------------------------------------------------------------------------------------------

    def lane(self, end: str, last: Sequence[Point]) -> tuple[list[Point], tuple[float, float]]:
        """Points of the way to a node, `last` after the port's approach, and the narrow metres at both ends."""
        nodes = geography.route(self.node, end)
        inner = [SEA[node] for node in nodes[1:-1]]
        start = [*PORTS[self.node].approach[::-1]] if self.node in PORTS else []
        final = list(PORTS[end].approach) if end in PORTS else []
        return [*start, *inner, *final, *last], (length_m(start), length_m(final))

    def to_sea(self, node: str, point: Point | None = None, **sail: float) -> None:
        """To a turning point, or a place near it."""
        points, narrow = self.lane(node, [point or SEA[node]])
        self.helm.sail(points, from_port=self.node in PORTS, open_m=narrow, **sail)  # type: ignore[arg-type]
        self.node = node

    def to_port(self, code: str, *, wait_h: float = 0.0, speed_knots: float | None = None) -> None:
        """To a berth, after so many hours at the anchorage where the port has one."""
        port, helm = PORTS[code], self.helm
        berth = _near(self.rng, port.berths[int(self.rng.integers(len(port.berths)))], 45.0)
        if self.node == code:
            helm.sail([berth], from_port=True, to_port=True, speed_knots=speed_knots)
            return
        points, narrow = self.lane(code, [])
        if wait_h > 0 and port.anchorage:
            limit = leg_m(port.anchorage, port.centre) + 400.0
            split = len(points) - sum(leg_m(p, port.centre) <= limit for p in port.approach)
            place = self.world.slot(code, port.anchorage, 1000.0, 1, self.now, self.now + (wait_h + 40) * HOUR_S)
            helm.sail([*points[:split], place], from_port=self.node in PORTS, to_port=True, open_m=narrow,
                      speed_knots=speed_knots)  # fmt: skip
            helm.anchor(wait_h)
            helm.sail([port.anchorage, *points[split:], berth], from_port=True, to_port=True, open_m=(1e9, 1e9))
        else:
            helm.sail([*points, berth], from_port=self.node in PORTS, to_port=True, open_m=narrow,
                      speed_knots=speed_knots)  # fmt: skip
        self.node = code

    def rest(self, hours: float) -> None:
        """At sea, drifting: waiting for orders, or for daylight."""
        self.helm.drift(hours)

    # -- calls -------------------------------------------------------------------------------------------------

    def call(self, code: str, hours: float, *, wait_h: float = 0.0, laden: bool | None = None, silent: bool = False,
             speed_knots: float | None = None) -> None:  # fmt: skip
        """A stay at a berth. laden: the state after it, None for unchanged. silent: see `hush`."""
        start = self.now
        self.helm.report(destination=PORTS[code].destination if not silent else "FOR ORDERS",
                         eta_s=self.now + 24 * HOUR_S)  # fmt: skip
        self.to_port(code, wait_h=wait_h, speed_knots=speed_knots)
        arrived = self.now
        self.helm.moor(hours)
        if laden is not None:
            self.load(laden)
        if silent:
            self.helm.remark("port_call", arrived, self.now, "dark", "transponder off in the approach")
            self._pending = (code, start, arrived)

    _pending: tuple[str, float, float] | None = None

    def hush(self) -> None:
        """After a silent call and the voyage out: mark from where to where the transponder was off."""
        if self._pending is None:
            return
        code, start, arrived = self._pending
        self._pending = None
        centre = PORTS[code].centre
        near = self.rng.random() < 0.4
        off_m, on_m = (self.rng.uniform(*((13_000, 22_000) if near else (35_000, 75_000))) for _ in range(2))
        helm = self.helm
        first, berth, last = (int(s // motion.STEP_S) for s in (start, arrived, self.now))
        lon, lat = helm.lon[first:last], helm.lat[first:last]
        far = 111_195.0 * np.hypot((lon - centre[0]) * np.cos(np.radians(centre[1])), lat - centre[1])
        inward = np.flatnonzero(far[: berth - first] > off_m)
        outward = np.flatnonzero(far[berth - first :] > on_m)
        begin = first + (int(inward[-1]) if len(inward) else 0)
        end = berth + (int(outward[0]) if len(outward) else len(far) - (berth - first))
        if begin >= end:
            return
        helm.silence(begin * motion.STEP_S, end * motion.STEP_S, SWITCHED_OFF)

    def load(self, laden: bool, share: float = 1.0) -> None:
        """The draught of the new state goes into the transponder, sooner or later."""
        self.laden = laden
        ship = self.ship
        deep = ship.light_m + (ship.laden_m - ship.light_m) * share
        self.helm.report(draught_m=deep if laden else ship.light_m + self.rng.uniform(0, 0.15))

    # -- meetings ----------------------------------------------------------------------------------------------

    def visit(self, host: Crew, until_s: float, *, status: int = UNDER_WAY) -> tuple[float, float]:
        """Beside a ship that lies or drifts at sea; from and until when."""
        helm = self.helm
        gap = host.ship.beam_m / 2 + self.ship.beam_m / 2 + self.rng.uniform(35, 90)
        side = self.rng.uniform(0, 2 * np.pi)
        offset = (gap * float(np.cos(side)), gap * float(np.sin(side)))
        start = self.now
        helm.alongside(host.helm, until_s, offset, status)
        return start, self.now

    def blackout(self, hours: float, cause: str) -> None:
        """From now on the transponder is off for so long."""
        self.helm.silence(self.now, self.now + hours * HOUR_S, cause)

    def typo(self) -> None:
        """A wrong draught, corrected at the next look: no change between stable values."""
        last = self.helm.voyages[-1]
        at = max(self.now, last.at_s + 1)
        self.helm.voyages += [
            Voyage(at, 25.5, last.destination, last.eta_s),
            Voyage(at + 360, last.draught_m, last.destination, last.eta_s),
        ]


def start_in_port(crew: Crew, hours: float) -> None:
    """Moored there from before the beginning."""
    crew.helm._status = MOORED
    crew.helm.moor(hours)
