"""Where the simulated ships sail: places and sea lanes of the Yellow Sea, from public facts, checked against the coast.

Lanes are a graph of waypoints; a test holds every edge against the GSHHG coast line. Port areas are circles of
PORT_RADIUS_M around a berth, far smaller than the outlines of the gazetteer would ever leave out.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from functools import cache

import numpy as np

PORT_RADIUS_M = 3_000.0


@dataclass(frozen=True, slots=True)
class Port:
    """A port as the simulation uses it: where ships lie, and the waypoint at its door."""

    code: str  # UN/LOCODE
    name: str
    lon: float
    lat: float
    door: str  # name of the waypoint from which it is reached


PORTS: tuple[Port, ...] = (
    Port("KPNAM", "Nampo", 125.385, 38.712, "nampo-inner"),
    Port("CNLYG", "Lianyungang", 119.477, 34.770, "lyg-door"),
    Port("CNDLC", "Dalian", 121.690, 38.950, "dlc-door"),
    Port("CNLKU", "Longkou", 120.309, 37.661, "lku-inner"),
    Port("CNTAO", "Qingdao", 120.281, 36.060, "tao-inner"),
    Port("KRINC", "Incheon", 126.590, 37.440, "inc-door"),
)

WAYPOINTS: dict[str, tuple[float, float]] = {
    "nampo-inner": (125.316, 38.691),
    "barrage": (125.105, 38.690),
    "nampo-outer": (124.990, 38.685),
    "nampo-off": (124.600, 38.560),
    "nampo-sea": (124.250, 38.300),
    "north": (123.000, 38.300),
    "middle": (123.500, 37.000),
    "south": (123.000, 35.300),
    "lyg-sea": (121.000, 35.000),
    "lyg-door": (119.650, 34.830),
    "dlc-sea": (122.200, 38.700),
    "dlc-door": (121.850, 38.900),
    "strait": (121.300, 38.480),
    "bohai": (120.500, 38.450),
    "lku-door": (120.200, 37.750),
    "lku-inner": (120.225, 37.664),
    "tao-sea": (121.200, 35.700),
    "tao-door": (120.420, 35.960),
    "tao-inner": (120.278, 36.042),
    "inc-sea": (125.300, 36.900),
    "inc-mid": (126.189, 37.348),
    "inc-door": (126.471, 37.366),
    "shandong": (123.000, 37.500),
    "zhoushan-sea": (123.400, 31.000),
}

EDGES: tuple[tuple[str, str], ...] = (
    ("nampo-inner", "barrage"),
    ("barrage", "nampo-outer"),
    ("nampo-outer", "nampo-off"),
    ("nampo-off", "nampo-sea"),
    ("nampo-sea", "north"),
    ("nampo-sea", "middle"),
    ("north", "dlc-sea"),
    ("north", "strait"),
    ("north", "shandong"),
    ("dlc-sea", "dlc-door"),
    ("dlc-sea", "strait"),
    ("strait", "bohai"),
    ("bohai", "lku-door"),
    ("lku-door", "lku-inner"),
    ("shandong", "middle"),
    ("middle", "south"),
    ("middle", "inc-sea"),
    ("inc-sea", "inc-mid"),
    ("inc-mid", "inc-door"),
    ("inc-sea", "south"),
    ("south", "lyg-sea"),
    ("south", "tao-sea"),
    ("lyg-sea", "lyg-door"),
    ("tao-sea", "tao-door"),
    ("tao-door", "tao-inner"),
    ("south", "zhoushan-sea"),
)

#: Open water, far from ports and anchorages, where ships meet, drift and fish.
MEETING_WATERS: tuple[tuple[float, float], ...] = (
    (123.60, 37.40),
    (123.30, 36.40),
    (122.90, 35.20),
    (124.10, 36.20),
    (123.40, 38.05),
    (122.30, 35.00),
)


def port(code: str) -> Port:
    return next(port for port in PORTS if port.code == code)


@cache
def _graph() -> dict[str, list[tuple[str, float]]]:
    graph: dict[str, list[tuple[str, float]]] = {name: [] for name in WAYPOINTS}
    for a, b in EDGES:
        length = float(leg_m(*WAYPOINTS[a], *WAYPOINTS[b]))
        graph[a].append((b, length))
        graph[b].append((a, length))
    return graph


def leg_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Length of a short leg, metres: flat at its middle latitude, which is good to 0.1 % here."""
    x = (lon2 - lon1) * np.cos(np.radians((lat1 + lat2) / 2))
    return float(np.hypot(x, lat2 - lat1) * 111_195.0)


@cache
def lane(start: str, goal: str) -> tuple[str, ...]:
    """The shortest way between two waypoints (Dijkstra)."""
    queue: list[tuple[float, str, tuple[str, ...]]] = [(0.0, start, (start,))]
    seen: set[str] = set()
    while queue:
        length, here, path = heapq.heappop(queue)
        if here == goal:
            return path
        if here in seen:
            continue
        seen.add(here)
        for there, leg in _graph()[here]:
            if there not in seen:
                heapq.heappush(queue, (length + leg, there, (*path, there)))
    raise KeyError(f"no lane from {start} to {goal}")


def nearest_waypoint(lon: float, lat: float) -> str:
    """The open-water waypoint nearest to a position."""
    inner = {"nampo-inner", "barrage", "nampo-outer", "lku-inner", "tao-inner", "inc-door"}
    return min((name for name in WAYPOINTS if name not in inner), key=lambda name: leg_m(lon, lat, *WAYPOINTS[name]))
