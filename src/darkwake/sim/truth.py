"""What really happened, as a perfect observer would state it by the definitions of the events.

Port calls, meetings and drifting are read from the true tracks, heard or not; gaps and changes of draught from what
the feed holds, with the cause that only the simulation knows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from darkwake import times
from darkwake.sim import geography
from darkwake.sim.receivers import Outage
from darkwake.sim.voyage import Track, Voyage

_H = 3600.0
GRID_S = 300.0


@dataclass(frozen=True, slots=True)
class True_:
    """One true event; times in seconds from the scenario's start."""

    kind: str
    start_s: float
    end_s: float | None
    mmsis: tuple[int, ...]
    lon: float
    lat: float
    cause: str
    note: str
    heard_per_hour: float


@dataclass(frozen=True)
class World:
    """Everything the truth is read from."""

    voyages: Mapping[int, Voyage]
    tracks: Mapping[int, Track]
    received_s: Mapping[int, np.ndarray]  # times of received positions, sorted, by MMSI
    statics_s: Mapping[int, tuple[np.ndarray, np.ndarray]]  # times and draughts of received type 5
    outages: Sequence[Outage]
    horizon_s: float


def truth_of(world: World) -> list[True_]:
    found = [*_port_calls(world), *_gaps(world), *_draughts(world)]
    meetings = _encounters(world)
    found += meetings
    found += _loitering(world, meetings)
    return sorted(found, key=lambda e: (e.start_s, e.kind, e.mmsis))


def heard_per_hour(world: World, mmsi: int, start_s: float, end_s: float) -> float:
    """Median number of receptions per hour from one hour before to one hour after."""
    hours = np.arange(max(0.0, start_s - _H), min(world.horizon_s, end_s + _H) + 1.0, _H)
    if len(hours) < 2:
        return 0.0
    counts = np.diff(np.searchsorted(world.received_s[mmsi], hours))
    return float(np.median(counts))


def _runs(flags: np.ndarray) -> list[tuple[int, int]]:
    """[first, last] of each run of True."""
    edges = np.diff(np.concatenate([[0], flags.astype(np.int8), [0]]))
    return list(zip(np.flatnonzero(edges == 1), np.flatnonzero(edges == -1) - 1, strict=True))


def _merged(runs: list[tuple[int, int]], grid: np.ndarray, pause_s: float) -> list[tuple[int, int]]:
    out: list[tuple[int, int]] = []
    for first, last in runs:
        if out and grid[first] - grid[out[-1][1]] < pause_s:
            out[-1] = (out[-1][0], last)
        else:
            out.append((first, last))
    return out


def _event(
    world: World,
    kind: str,
    start: float,
    end: float,
    mmsis: tuple[int, ...],
    lon: float,
    lat: float,
    cause: str,
    note: str = "",
) -> True_:
    heard = min(heard_per_hour(world, mmsi, start, end) for mmsi in mmsis)
    return True_(kind, start, end, mmsis, lon, lat, cause, note, heard)


def _port_calls(world: World) -> list[True_]:
    found = []
    for mmsi, track in world.tracks.items():
        inside_time = track.t_s < world.horizon_s
        for port in geography.PORTS:
            x = (track.lon - port.lon) * np.cos(np.radians(port.lat)) * 111_195.0
            within = np.hypot(x, (track.lat - port.lat) * 111_195.0) <= geography.PORT_RADIUS_M
            for first, last in _merged(_runs(within & inside_time), track.t_s, 4 * _H):
                if track.sog_knots[first : last + 1].min() > 0.5:
                    continue
                start, end = float(track.t_s[first]), float(track.t_s[last])
                quiet = any(a < end and b > start for a, b in world.voyages[mmsi].silent)
                cause = "dark" if quiet else "call"
                found.append(_event(world, "port_call", start, end, (mmsi,), port.lon, port.lat, cause, port.code))
    return found


def _encounters(world: World) -> list[True_]:
    grid = np.arange(0.0, world.horizon_s, GRID_S)
    mmsis = sorted(world.tracks)
    lon, lat, sog = (np.empty((len(mmsis), len(grid))) for _ in range(3))
    for row, mmsi in enumerate(mmsis):
        lon[row], lat[row], sog[row], *_ = world.tracks[mmsi].at(grid)
    away = np.ones((len(mmsis), len(grid)), bool)
    for port in geography.PORTS:
        x = (lon - port.lon) * np.cos(np.radians(port.lat)) * 111_195.0
        away &= np.hypot(x, (lat - port.lat) * 111_195.0) >= 10_000.0
    found = []
    for a in range(len(mmsis)):
        for b in range(a + 1, len(mmsis)):
            x = (lon[a] - lon[b]) * np.cos(np.radians(lat[a])) * 111_195.0
            near = np.hypot(x, (lat[a] - lat[b]) * 111_195.0) <= 500.0
            near &= away[a] & away[b]
            if not near.any():
                continue
            for first, last in _merged(_runs(near), grid, 4 * _H):
                stretch = near[first : last + 1]
                if stretch.sum() * GRID_S < 2 * _H:  # together, interruptions not counted
                    continue
                speed = np.concatenate([sog[a, first : last + 1][stretch], sog[b, first : last + 1][stretch]])
                if np.median(speed) >= 2.0:
                    continue
                middle = (first + last) // 2
                place = (float(lon[a, middle]), float(lat[a, middle]))
                pair = (mmsis[a], mmsis[b])
                found.append(
                    _event(world, "encounter", float(grid[first]), float(grid[last]), pair, *place, "transfer")
                )
    return found


def _loitering(world: World, meetings: Sequence[True_]) -> list[True_]:
    """Slower than 2 kn on hourly average for 8 h or more, far from ports, not the whole of a meeting."""
    found = []
    for mmsi, track in world.tracks.items():
        grid = np.arange(0.0, world.horizon_s, 60.0)
        lon, lat, *_ = track.at(grid)
        x = np.diff(lon, prepend=lon[0]) * np.cos(np.radians(lat)) * 111_195.0
        steps = np.hypot(x, np.diff(lat, prepend=lat[0]) * 111_195.0)
        kernel = np.ones(60)
        knots = np.convolve(steps, kernel, mode="same") / 1852.0
        offshore = np.ones(len(grid), bool)
        for port in geography.PORTS:
            x = (lon - port.lon) * np.cos(np.radians(port.lat)) * 111_195.0
            offshore &= np.hypot(x, (lat - port.lat) * 111_195.0) > 25_000.0
        for first, last in _runs((knots < 2.0) & offshore):
            start, end = float(grid[first]), float(grid[last])
            if end - start < 8 * _H:
                continue
            shared = sum(
                max(0.0, min(end, m.end_s or end) - max(start, m.start_s)) for m in meetings if mmsi in m.mmsis
            )
            if shared >= 0.9 * (end - start):
                continue
            middle = (first + last) // 2
            found.append(
                _event(world, "loitering", start, end, (mmsi,), float(lon[middle]), float(lat[middle]), "drifting")
            )
    return found


def _gaps(world: World) -> list[True_]:
    """Every silence over 6 h in the feed, between two receptions of a position or from the last one on."""
    end_of_data = max((t[-1] for t in world.received_s.values() if len(t)), default=0.0)
    found = []
    for mmsi, received in world.received_s.items():
        if not len(received):
            continue
        following = np.append(received[1:], end_of_data)
        for index in np.flatnonzero(following - received > 6 * _H):
            start, end = float(received[index]), float(following[index])
            is_open = index == len(received) - 1
            lon, lat, *_ = world.tracks[mmsi].at(np.array([start]))
            cause = _cause(world, mmsi, start, end)
            before = heard_per_hour(world, mmsi, start - _H, start)
            found.append(
                True_("gap", start, None if is_open else end, (mmsi,), float(lon[0]), float(lat[0]), cause, "", before)
            )
    return found


def _cause(world: World, mmsi: int, start: float, end: float) -> str:
    length = end - start
    off = sum(max(0.0, min(end, b) - max(start, a)) for a, b in world.voyages[mmsi].silent)
    if off > 0.5 * length:
        return "switched_off"
    down = max((min(end, o.end_s) - max(start, o.start_s) for o in world.outages), default=0.0)
    if down > 0.5 * length:
        return "outage"
    return "class_b_range" if world.voyages[mmsi].ship.class_b else "no_coverage"


def _draughts(world: World) -> list[True_]:
    found = []
    for mmsi, (when, draught) in world.statics_s.items():
        for index in np.flatnonzero(np.abs(np.diff(draught)) >= 0.5):
            start, end = float(when[index]), float(when[index + 1])
            lon, lat, *_ = world.tracks[mmsi].at(np.array([end]))
            note = f"{draught[index]:.1f} → {draught[index + 1]:.1f} m"
            place = (float(lon[0]), float(lat[0]))
            found.append(_event(world, "draught_change", start, end, (mmsi,), *place, "cargo", note))
    return found


def write(path: Path, events: Sequence[True_], epoch_us: int) -> None:
    """truth.jsonl, one object per event."""

    def iso(t_s: float | None) -> str | None:
        return None if t_s is None else times.iso(epoch_us + int(t_s) * times.SECOND_US)

    with path.open("w", encoding="utf-8") as out:
        for event in events:
            row = {
                "kind": event.kind, "start": iso(event.start_s), "end": iso(event.end_s), "mmsis": list(event.mmsis),
                "lat": round(event.lat, 5), "lon": round(event.lon, 5), "cause": event.cause, "note": event.note,
                "heard_per_hour": round(event.heard_per_hour, 1), "simulated": True,
            }  # fmt: skip
            out.write(json.dumps(row) + "\n")
