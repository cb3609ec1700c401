"""What truly happened, as somebody would state it who saw every track and every line of the feed.

Events are not copied from the plan: they are found in the true tracks (port calls, encounters, loitering) and in what
was received (gaps, draught changes) by the definitions of docs/reference/simulation.md. The plan only lends causes.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from darkwake import times
from darkwake.sim import radio
from darkwake.sim.crew import ANTENNA_FAULT, SWITCHED_OFF, Crew
from darkwake.sim.geography import PORTS, harbour_m, port_area, port_m
from darkwake.sim.motion import STEP_S
from darkwake.sim.radio import Sky
from darkwake.sim.reports import Motion
from darkwake.units import METRES_PER_NAUTICAL_MILE

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

GAP_H = 6.0
RETURN_H = 4.0  # returns and interruptions shorter than this belong to the event
STOP_KNOTS, STOP_MIN = 0.5, 15
ENCOUNTER_M, ENCOUNTER_H, ENCOUNTER_KNOTS, ENCOUNTER_PORT_M = 500.0, 2.0, 2.0, 10_000.0
LOITER_H, LOITER_KNOTS, LOITER_SHORE_NM, LOITER_MET = 8.0, 2.0, 5.0, 0.9
LOITER_PORT_M = 1000.0
DRAUGHT_M, DRAUGHT_REPORTS, DRAUGHT_STABLE_S = 0.5, 3, 3600.0
#: A cause explains a silence if without it so many thinned reports would have been expected.
_EXPLAINS = 1.5
_EVERY = 60 // STEP_S  # true tracks are looked at once a minute
_METRES = 111_195.0


@dataclass(frozen=True)
class Reception:
    """What of one ship arrived whole: tag times in seconds from the start, sorted."""

    position_s: Floats  # one per transmission with a position, the first reception
    heard_s: Floats  # messages of any kind, with a position or without
    static_s: Floats
    draught_m: Floats  # of the statics


@dataclass(frozen=True)
class Scene:
    """Everything truth is read from."""

    crews: Sequence[Crew]
    motions: Sequence[Motion]
    on: Sequence[Flags]
    receptions: Sequence[Reception]
    sky: Sky
    epoch_us: int
    horizon_s: float
    slot_s: float

    @cached_property
    def minutes(self) -> tuple[Floats, Floats, Floats]:
        """lon, lat, sog [ships, minutes]."""
        return tuple(  # type: ignore[return-value]
            np.array([getattr(m, name)[::_EVERY] for m in self.motions]) for name in ("lon", "lat", "sog_knots")
        )

    def iso(self, seconds: float) -> str:
        return times.iso(self.epoch_us + round(seconds) * times.SECOND_US) or ""

    def heard(self, ships: Sequence[int], start_s: float, end_s: float) -> float:
        """Median over the hours from one before to one after of position reports heard, of the ship heard least."""
        a, b = max(0.0, start_s - 3600), min(self.horizon_s, end_s + 3600)
        edges = a + np.arange(max(1, int((b - a) / 3600)) + 1) * 3600.0
        return min(
            float(np.median(np.diff(np.searchsorted(self.receptions[k].position_s, edges)))) for k in ships
        )  # fmt: skip

    def row(self, kind: str, ships: Sequence[int], start_s: float, end_s: float | None, where: tuple[float, float],
            cause: str, note: str, heard: float | None = None, **more: Any) -> dict[str, Any]:  # fmt: skip
        last = self.horizon_s if end_s is None else end_s
        return {
            "kind": kind, "start": self.iso(start_s), "end": None if end_s is None else self.iso(end_s),
            "mmsis": [self.crews[k].ship.mmsi for k in ships], "lat": round(float(where[1]), 5),
            "lon": round(float(where[0]), 5), "cause": cause, "note": note,
            "heard_per_hour": round(self.heard(ships, start_s, last) if heard is None else heard, 1), **more,
            "simulated": True,
        }  # fmt: skip


def find(scene: Scene) -> list[dict[str, Any]]:
    """All true events, by kind, time and ship."""
    met = list(encounters(scene))
    rows = [*gaps(scene), *port_calls(scene), *(row for row, _, _, _ in met), *loitering(scene, met), *draughts(scene)]
    rows += remarked(scene)
    return sorted(rows, key=lambda row: (row["kind"], row["start"], row["mmsis"]))


#: Kinds whose true events are found in the tracks and in what was received.
DEFINED = ("gap", "port_call", "encounter", "loitering", "draught_change")


def remarked(scene: Scene) -> Iterator[dict[str, Any]]:
    """Events of kinds that have no definition here: they are where a scenario's plan remarks them."""
    for k, crew in enumerate(scene.crews):
        for remark in crew.helm.remarks:
            if remark.kind in DEFINED:
                continue
            step = min(int(remark.start_s // STEP_S), len(scene.motions[k].lon) - 1)
            where = scene.motions[k].lon[step], scene.motions[k].lat[step]
            end = None if remark.end_s >= scene.horizon_s else remark.end_s
            yield scene.row(remark.kind, [k], remark.start_s, end, where, remark.cause, remark.note)


def gaps(scene: Scene) -> Iterator[dict[str, Any]]:
    """Every silence of more than six hours between two messages of any kind, and those still open at the end."""
    for k, got in enumerate(scene.receptions):
        if not len(got.position_s):
            continue
        moments = np.r_[got.heard_s, scene.horizon_s]
        explain: _Silence | None = None
        for i in np.flatnonzero(np.diff(moments) > GAP_H * 3600):
            start, end = float(moments[i]), float(moments[i + 1])
            explain = explain or _Silence(scene, k)
            cause, note = explain(start, end)
            last = i == len(got.heard_s) - 1
            sides = [np.sum((got.position_s > start - 3600) & (got.position_s <= start))]
            if not last:
                sides.append(np.sum((got.position_s >= end) & (got.position_s < end + 3600)))
            step = min(int(start // STEP_S), len(scene.motions[k].lon) - 1)
            where = scene.motions[k].lon[step], scene.motions[k].lat[step]
            heard = float(np.mean(sides))
            yield scene.row("gap", [k], start, None if last else end, where, cause, note, heard)


class _Silence:
    """Why one ship was not heard."""

    def __init__(self, scene: Scene, k: int) -> None:
        motion, sky, b = scene.motions[k], scene.sky, scene.crews[k].ship.class_b
        self.crew, self.on = scene.crews[k], scene.on[k]

        def expected(as_b: bool, outages: bool) -> Floats:
            return radio.expected(
                motion.lon, motion.lat, motion.sog_knots, motion.still, sky.place, sky.reach, sky.up, b, as_b, outages,
                scene.slot_s,
            )  # fmt: skip

        self.as_was, self.without_outage = expected(b, True), expected(b, False)
        self.as_class_a = expected(False, False) if b else self.without_outage

    def __call__(self, start_s: float, end_s: float) -> tuple[str, str]:
        part = slice(int(start_s // STEP_S) + 1, int(end_s // STEP_S))
        on = self.on[part]
        lost = {SWITCHED_OFF: 0.0, ANTENNA_FAULT: 0.0}
        off = 0.0
        for silence in self.crew.helm.silences:
            a, b = max(silence.start_s, start_s), min(silence.end_s, end_s)
            if a < b:
                off += b - a
                lost[silence.cause] += float(self.as_was[int(a // STEP_S) : int(b // STEP_S)].sum())
        cause = max(lost, key=lambda name: lost[name])
        if lost[cause] >= _EXPLAINS:
            return cause, f"transmitter off for {off / 3600:.1f} h of it"
        note = f"transmitter also off for {off / 3600:.1f} h, unheard in any case" if off else ""
        if float((self.without_outage - self.as_was)[part][on].sum()) >= _EXPLAINS:
            return "outage", note or "station down"
        if self.crew.ship.class_b and float(self.as_class_a[part][on].sum()) >= 2 * _EXPLAINS:
            return "class_b_range", note or "a class A transmitter would have been heard"
        return "no_coverage", note or "out of range of the stations"


def port_calls(scene: Scene) -> Iterator[dict[str, Any]]:
    """Stays within the port's area with a stop, heard or not; returns within four hours belong to them."""
    lons, lats, sogs = scene.minutes
    for code in PORTS:
        within, (lon, lat) = port_area(code), PORTS[code].centre
        for k in range(len(scene.crews)):
            inside = within(lons[k], lats[k])
            for a, b in _joined(_runs(inside), RETURN_H * 60):
                still = b >= lons.shape[1]
                stopped = _longest(inside[a:b] & (sogs[k, a:b] < STOP_KNOTS)) >= STOP_MIN
                if not (stopped or still):
                    continue  # passed through
                start, end = a * 60.0, b * 60.0
                off = sum(
                    max(0.0, min(s.end_s, end) - max(s.start_s, start))
                    for s in scene.crews[k].helm.silences if s.cause == SWITCHED_OFF
                )  # fmt: skip
                dark = off > 0.5 * (end - start)
                notes = ["transponder off during the call"] if dark else []
                notes += ["in port when the scenario begins"] if a == 0 else []
                notes += [] if stopped else ["on the way in when the scenario ends"]
                yield scene.row(
                    "port_call", [k], start, None if still else end, (lon, lat), "dark" if dark else "normal",
                    "; ".join(notes), place=code,
                )  # fmt: skip


def encounters(scene: Scene) -> Iterator[tuple[dict[str, Any], tuple[int, int], float, float]]:
    """Pairs within 500 m, slow, for two hours or more, 10 km from ports; interruptions under four hours belong."""
    from scipy.spatial import cKDTree

    lons, lats, sogs = scene.minutes
    middle = float(np.mean(lats))
    found: set[tuple[int, int]] = set()
    for step in range(0, lons.shape[1], 10):
        x = lons[:, step] * _METRES * np.cos(np.radians(middle))
        near = cKDTree(np.column_stack((x, lats[:, step] * _METRES))).query_pairs(ENCOUNTER_M * 1.2)
        found |= {(int(min(pair)), int(max(pair))) for pair in near}
    for i, j in sorted(found):
        close = _metres(lons[i], lats[i], lons[j], lats[j]) <= ENCOUNTER_M
        close &= (sogs[i] < 1.5 * ENCOUNTER_KNOTS) & (sogs[j] < 1.5 * ENCOUNTER_KNOTS)
        for a, b in _joined(_runs(close), RETURN_H * 60):
            together = np.flatnonzero(close[a:b]) + a
            if len(together) < ENCOUNTER_H * 60:
                continue
            if max(np.median(sogs[k][together]) for k in (i, j)) >= ENCOUNTER_KNOTS:
                continue
            where = float(np.median(lons[i][together])), float(np.median(lats[i][together]))
            if float(port_m(np.array(where[:1]), np.array(where[1:]))[0]) < ENCOUNTER_PORT_M:
                continue
            start, end = a * 60.0, b * 60.0
            cause, note = _remark(scene, (i, j), "encounter", start, end, ("chance", ""))
            last = None if b >= lons.shape[1] else end
            yield scene.row("encounter", [i, j], start, last, where, cause, note), (i, j), start, end


def loitering(
    scene: Scene, met: Sequence[tuple[dict[str, Any], tuple[int, int], float, float]]
) -> Iterator[dict[str, Any]]:
    """Stays slower than 2 kn over every hour, eight hours or more, 5 nm from shore, not only to meet another."""
    from darkwake.geo.coast import Coast

    coast = Coast()
    lons, lats, _ = scene.minutes
    for k in range(len(scene.crews)):
        steps = _metres(lons[k][1:], lats[k][1:], lons[k][:-1], lats[k][:-1])
        along = np.r_[0.0, np.cumsum(steps)]
        hourly = (along[60:] - along[:-60]) / METRES_PER_NAUTICAL_MILE  # knots over the hour that begins here
        slow = np.zeros(len(along), bool)
        for a, b in _runs(hourly < LOITER_KNOTS):
            slow[a : b + 60] = True
        for a, b in _runs(slow):
            if b - a < LOITER_H * 60:
                continue
            part = np.arange(a, b, 10)
            away = coast.distance_to_shore_m(lons[k][part], lats[k][part]) >= LOITER_SHORE_NM * METRES_PER_NAUTICAL_MILE
            away &= harbour_m(lons[k][part], lats[k][part]) > LOITER_PORT_M
            for c, d in _runs(away):
                first, last = a + 10 * c, min(a + 10 * d, b)
                if last - first < LOITER_H * 60:
                    continue
                start, end = first * 60.0, last * 60.0
                shared = [
                    (max(start, s), min(end, e)) for _, pair, s, e in met if k in pair and s < end and e > start
                ]  # fmt: skip
                if sum(e - s for s, e in shared) >= LOITER_MET * (end - start):
                    continue
                where = float(np.mean(lons[k][first:last])), float(np.mean(lats[k][first:last]))
                other = ("waiting_for_transfer", "met another ship meanwhile") if shared else ("waiting_for_orders", "")
                cause, note = _remark(scene, (k,), "loitering", start, end, other)
                still = None if last >= lons.shape[1] else end
                yield scene.row("loitering", [k], start, still, where, cause, note)


def draughts(scene: Scene) -> Iterator[dict[str, Any]]:
    """Changes of the draught as received, by half a metre or more between two stable values."""
    for k, got in enumerate(scene.receptions):
        t, value = got.static_s[got.draught_m > 0], got.draught_m[got.draught_m > 0]
        if len(t) == 0:
            continue
        edges = np.r_[0, np.flatnonzero(np.abs(np.diff(value)) > 0.05) + 1, len(t)]
        stable: list[tuple[int, int]] = []
        for a, b in itertools.pairwise(edges):
            if b - a >= DRAUGHT_REPORTS or t[b - 1] - t[a] >= DRAUGHT_STABLE_S:
                stable.append((int(a), int(b)))
        for (_, before), (after, _) in itertools.pairwise(stable):
            if abs(value[after] - value[before - 1]) < DRAUGHT_M - 0.01:
                continue
            start, end = float(t[before - 1]), float(t[after])
            step = min(int(end // STEP_S), len(scene.motions[k].lon) - 1)
            where = scene.motions[k].lon[step], scene.motions[k].lat[step]
            deeper = value[after] > value[before - 1]
            yield scene.row(
                "draught_change", [k], start, end, where, "loaded" if deeper else "discharged",
                "from the last report of the old value to the first of the new",
                before_m=round(float(value[before - 1]), 1), after_m=round(float(value[after]), 1),
            )  # fmt: skip


def _remark(
    scene: Scene, ships: Sequence[int], kind: str, start_s: float, end_s: float, otherwise: tuple[str, str]
) -> tuple[str, str]:
    for k in ships:
        for remark in scene.crews[k].helm.remarks:
            shared = min(remark.end_s, end_s) - max(remark.start_s, start_s)
            if remark.kind == kind and shared > 0.3 * (end_s - start_s):
                return remark.cause, remark.note
    return otherwise


def _metres(lon1: Any, lat1: Any, lon2: Any, lat2: Any) -> Floats:
    east = (lon2 - lon1) * np.cos(np.radians(0.5 * (lat1 + lat2)))
    return np.asarray(_METRES * np.hypot(east, lat2 - lat1))


def _runs(flags: Flags) -> list[tuple[int, int]]:
    """[from, to) of each run of True."""
    edges = np.flatnonzero(np.diff(np.r_[False, flags, False]))
    return [(int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _joined(runs: list[tuple[int, int]], within: float) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for a, b in runs:
        if out and a - out[-1][1] < within:
            out[-1] = (out[-1][0], b)
        else:
            out.append((a, b))
    return out


def _longest(flags: Flags) -> int:
    return max((b - a for a, b in _runs(flags)), default=0)
