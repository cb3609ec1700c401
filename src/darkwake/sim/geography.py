"""The waters of "West Sea": real places, hand-made lanes between them, and receivers that do not exist.

Positions are public facts (NGA Pub. 150, UN/LOCODE), moved where needed into the water of GSHHG, the shoreline that
the rest of the software uses; berths are points in the harbour, not surveyed quays. Lanes are straight in longitude
and latitude, and keep clear of land (tested). The West Sea Barrage is not in GSHHG: the lane to Nampo passes where its
locks are. The receivers are invented, SIM-CHO above all: it stands where nobody could set one up.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from darkwake.errors import NotFoundError

if TYPE_CHECKING:
    from darkwake.places.gazetteer import Gazetteer
    from darkwake.places.grid import PlaceGrid

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Point = tuple[float, float]  # (lon, lat), degrees


@dataclass(frozen=True, slots=True)
class Port:
    """approach: from the sea gate to the harbour. anchorage: None where ships do not wait at anchor."""

    code: str
    name: str
    destination: str  # as typed on bridges
    approach: tuple[Point, ...]
    berths: tuple[Point, ...]
    anchorage: Point | None = None

    @property
    def centre(self) -> Point:
        return self.approach[-1]


@dataclass(frozen=True, slots=True)
class Station:
    """A terrestrial receiver: heard with even odds at `range_nm` by class A, at `range_b_nm` by class B."""

    name: str
    lon: float
    lat: float
    range_nm: float
    range_b_nm: float


def _port(
    code: str, name: str, destination: str, approach: Sequence[Point], berths: Sequence[Point],
    anchorage: Point | None = None,
) -> tuple[str, Port]:  # fmt: skip
    return code, Port(code, name, destination, tuple(approach), tuple(berths), anchorage)


PORTS: dict[str, Port] = dict((
    _port("KPNAM", "Nampo", "NAMPO",
          [(124.55, 38.66), (125.128, 38.752), (125.2, 38.692), (125.306, 38.684), (125.4, 38.716)],
          [(125.4007, 38.7083), (125.3804, 38.7118), (125.396, 38.6996), (125.4067, 38.7064), (125.4078, 38.7002)]),
    _port("KPHAE", "Haeju", "HAEJU",
          [(125.35, 37.52), (125.674, 37.712), (125.76, 37.956), (125.706, 37.984)],
          [(125.7084, 37.9758), (125.7227, 37.9683), (125.7061, 37.9817), (125.7195, 37.9774), (125.7192, 37.9843)]),
    _port("CNDLC", "Dalian", "DALIAN",
          [(121.95, 38.72), (121.713, 38.936), (121.675, 38.928)],
          [(121.6692, 38.9442), (121.6856, 38.9343), (121.6831, 38.9267), (121.681, 38.9236), (121.6702, 38.9387)],
          (121.754, 38.898)),
    _port("CNLKU", "Longkou", "LONG KOU",
          [(120.05, 37.9), (120.224, 37.64), (120.284, 37.64)],
          [(120.289, 37.6559), (120.3056, 37.6481), (120.2976, 37.6275), (120.2934, 37.6525), (120.2797, 37.6419)],
          (120.205, 37.668)),
    _port("CNYNT", "Yantai", "YANTAI",
          [(121.65, 37.75), (121.42, 37.567)],
          [(121.412, 37.5635), (121.398, 37.5641), (121.4258, 37.5827), (121.4386, 37.5608), (121.4415, 37.5558)],
          (121.481, 37.616)),
    _port("CNWEI", "Weihai", "WEIHAI",
          [(122.35, 37.62), (122.158, 37.508), (122.15, 37.5)],
          [(122.1488, 37.5138), (122.149, 37.494), (122.1501, 37.5013), (122.131, 37.508), (122.1371, 37.5105)],
          (122.2175, 37.5427)),
    _port("CNTAO", "Qingdao", "QINGDAO",
          [(120.55, 35.85), (120.305, 36.03), (120.269, 36.036), (120.267, 36.044)],
          [(120.2671, 36.0509), (120.2757, 36.0262), (120.2467, 36.0314), (120.2544, 36.0333), (120.2714, 36.0579)],
          (120.338, 36.006)),
    _port("CNRZH", "Rizhao", "RIZHAO",
          [(119.9, 35.25), (119.58, 35.378)],
          [(119.5734, 35.3732), (119.5763, 35.3845), (119.5926, 35.3939), (119.573, 35.3897), (119.5802, 35.3861)]),
    _port("CNLYG", "Lianyungang", "LIANYUNGANG",
          [(119.95, 34.9), (119.479, 34.74), (119.475, 34.742)],
          [(119.4765, 34.7354), (119.4549, 34.7431), (119.4746, 34.7455), (119.4851, 34.7429), (119.4801, 34.7329)],
          (119.554, 34.765)),
    _port("CNZOS", "Zhoushan", "ZHOUSHAN",
          [(122.85, 29.85), (122.356, 29.818), (122.342, 29.844), (122.352, 29.884), (122.34, 29.908),
           (122.106, 29.942), (122.098, 29.98)],
          [(122.1003, 29.9862), (122.0844, 29.9977), (122.1002, 29.9783), (122.1025, 29.9973), (122.0983, 29.9658)]),
    _port("KRINC", "Incheon", "INCHEON",
          [(125.75, 37.05), (126.056, 37.372), (126.45, 37.348), (126.592, 37.464)],
          [(126.5864, 37.459), (126.5726, 37.456), (126.5801, 37.4482), (126.5711, 37.4516), (126.5864, 37.4802)],
          (126.532, 37.415)),
    _port("KRKUV", "Gunsan", "GUNSAN",
          [(126.1, 36.0), (126.336, 36.028), (126.6, 35.98)],
          [(126.5967, 35.9759), (126.608, 35.9904), (126.5928, 35.9779), (126.581, 35.9752), (126.6025, 35.9838)],
          (126.517, 35.995)),
    _port("CNDDG", "Dandong", "DANDONG",
          [(124.0, 39.45), (124.15, 39.79)],
          [(124.153, 39.801), (124.1394, 39.7834), (124.167, 39.79), (124.1702, 39.777), (124.1488, 39.8037)]),
))  # fmt: skip

#: Turning points at sea. STS_…: waters where ships wait and transfer; FISH_…: fishing grounds.
SEA: dict[str, Point] = {
    "LAOTIE": (121.02, 38.55), "BOHAI": (120.25, 38.25), "YANBEI": (121.6, 38.05), "CHENGSHAN": (123.05, 37.55),
    "NORTH": (122.6, 38.35), "KOREABAY": (123.6, 38.85), "CHODO": (124.25, 38.35), "PAENGW": (124.15, 37.75),
    "HAEJUW": (124.75, 37.35), "MID": (124.0, 36.7), "SHANDONGSE": (122.75, 36.45), "EAST": (125.2, 36.3),
    "MIDS": (123.6, 35.0), "WESTS": (121.3, 35.0), "SOUTH": (123.4, 33.0), "CHANGJIANG": (123.4, 31.2),
    "STS_PAENG": (124.45, 38.30), "STS_CHENG": (123.15, 37.10), "STS_RZH": (120.35, 35.38),
    "ZHOUSHANE": (123.0, 30.35), "STS_KUV": (125.70, 36.35), "STS_DLC": (122.05, 38.42), "FISH_N": (123.6, 38.1),
    "FISH_S": (122.7, 35.9), "FISH_W": (122.85, 36.80), "KUVW": (125.75, 36.05),
    "KUVN": (125.3, 36.6),
}  # fmt: skip

#: Where dredgers work in Haeju Bay: nearer than 5 nm to shore, so that by definition they do not loiter.
DREDGING: Point = (125.775, 37.885)
DREDGING_ENTRY: Point = (125.726, 37.86)  # between the islands

#: Lanes between the gates of ports (their first approach point) and turning points, each once.
LANES: dict[str, str] = {
    "CNLYG": "STS_RZH SOUTH", "KRINC": "HAEJUW EAST MID", "CHODO": "STS_PAENG FISH_N PAENGW",
    "CNRZH": "STS_RZH FISH_S SHANDONGSE", "CNYNT": "YANBEI CNWEI STS_DLC NORTH CHENGSHAN",
    "CNDLC": "STS_DLC NORTH YANBEI", "KPNAM": "STS_PAENG CHODO KOREABAY CNDDG", "CNLKU": "BOHAI",
    "EAST": "STS_KUV MIDS FISH_S", "NORTH": "STS_DLC FISH_N KOREABAY",
    "CHENGSHAN": "STS_CHENG FISH_N SHANDONGSE NORTH PAENGW STS_DLC HAEJUW", "KPHAE": "HAEJUW KRINC PAENGW EAST",
    "YANBEI": "STS_DLC", "SHANDONGSE": "CNTAO FISH_S STS_CHENG FISH_W STS_RZH",
    "PAENGW": "FISH_N STS_PAENG HAEJUW STS_CHENG MID", "CNWEI": "CHENGSHAN YANBEI NORTH STS_DLC FISH_N",
    "CNDDG": "KOREABAY CHODO", "LAOTIE": "YANBEI BOHAI CNDLC STS_DLC", "KOREABAY": "CHODO FISH_N PAENGW CNDLC",
    "KRKUV": "EAST MIDS SOUTH KUVW", "KUVW": "STS_KUV", "MID": "STS_CHENG SHANDONGSE EAST FISH_S FISH_N MIDS",
    "CNTAO": "CNRZH STS_RZH WESTS MIDS", "HAEJUW": "MID EAST STS_CHENG CNTAO", "CHANGJIANG": "ZHOUSHANE CNZOS",
    "WESTS": "STS_RZH FISH_S SOUTH", "MIDS": "FISH_S WESTS SOUTH STS_CHENG", "SOUTH": "CHANGJIANG",
    "STS_CHENG": "FISH_W", "KUVN": "HAEJUW KPHAE KRINC STS_KUV EAST MID",
}  # fmt: skip

STATIONS: tuple[Station, ...] = (
    Station("SIM-CHO", 124.83, 38.52, 38.0, 22.0), Station("SIM-BLN", 124.68, 37.96, 40.0, 22.0),
    Station("SIM-YPD", 125.69, 37.67, 36.0, 22.0), Station("SIM-INC", 126.40, 37.45, 40.0, 22.0),
    Station("SIM-TSN", 126.15, 36.70, 42.0, 22.0), Station("SIM-KUV", 126.20, 35.95, 42.0, 22.0),
    Station("SIM-DDG", 124.10, 39.85, 40.0, 22.0), Station("SIM-DLC", 121.65, 38.88, 44.0, 22.0),
    Station("SIM-YNT", 121.40, 37.60, 40.0, 22.0), Station("SIM-WEI", 122.68, 37.38, 42.0, 22.0),
    Station("SIM-SHD", 122.42, 36.90, 38.0, 22.0), Station("SIM-TAO", 120.50, 36.10, 42.0, 22.0),
    Station("SIM-LYG", 119.47, 34.76, 44.0, 22.0), Station("SIM-ZOS", 122.40, 30.10, 44.0, 22.0),
    Station("SIM-LKU", 120.30, 37.66, 40.0, 22.0), Station("SIM-RZH", 119.62, 35.38, 44.0, 22.0),
)  # fmt: skip
SATELLITES: tuple[str, ...] = ("SIM-SAT1", "SIM-SAT2")


def port_area(code: str) -> Callable[[Floats, Floats], Flags]:
    """A test whether positions lie in a port's area: its outline in the gazetteer, with its berths and anchorages.

    The one place to swap for other outlines.
    """
    from darkwake.places import grid

    gazetteer = _gazetteer()
    wanted = {code, *(place.code for place in gazetteer.children(code))}
    if code not in PORTS or not gazetteer.find(code):
        raise NotFoundError(f"no port {code!r} in the simulation", expected=", ".join(PORTS))
    table = gazetteer.ports_table(("port", "berth", "anchorage"))
    rows = [row for row, name in enumerate(table["code"].to_pylist()) if name in wanted]
    outlines = grid.grid_of(table.take(rows))
    return lambda lon, lat: grid.locate(lon, lat, outlines) >= 0


def port_m(lon: Floats, lat: Floats) -> Floats:
    """Metres to the outline of the nearest port, 0 inside."""
    from darkwake.places import grid

    return grid.nearest(lon, lat, _outlines(("port", "berth")))[1]


def harbour_m(lon: Floats, lat: Floats) -> Floats:
    """Metres to the outline of the nearest port or known anchorage, 0 inside."""
    from darkwake.places import grid

    return grid.nearest(lon, lat, _outlines(("port", "berth", "anchorage")))[1]


@cache
def _outlines(kinds: tuple[str, ...]) -> PlaceGrid:
    from darkwake.places.grid import grid_of

    return grid_of(_gazetteer().ports_table(kinds))


@cache
def _gazetteer() -> Gazetteer:
    from darkwake.places.gazetteer import Gazetteer

    return Gazetteer.load()


def position(node: str) -> Point:
    """Where a node of the lanes lies: a turning point, or the sea gate of a port."""
    return PORTS[node].approach[0] if node in PORTS else SEA[node]


def leg_m(a: Point, b: Point) -> float:
    """Length of a short leg, metres (flat at its middle latitude; 0.1 % on the lanes)."""
    return 111_195.0 * math.hypot((b[0] - a[0]) * math.cos(math.radians((a[1] + b[1]) / 2)), b[1] - a[1])


def length_m(points: Sequence[Point]) -> float:
    return sum(leg_m(a, b) for a, b in itertools.pairwise(points))


@cache
def _graph() -> dict[str, dict[str, float]]:
    graph: dict[str, dict[str, float]] = {name: {} for name in (*PORTS, *SEA)}
    for a, others in LANES.items():
        for b in others.split():
            graph[a][b] = graph[b][a] = leg_m(position(a), position(b))
    return graph


def neighbours(node: str) -> tuple[str, ...]:
    """The nodes that a lane leads to from here."""
    return tuple(_graph()[node])


@cache
def route(start: str, end: str) -> tuple[str, ...]:
    """Nodes of the shortest way over the lanes (Dijkstra), both ends included."""
    graph = _graph()
    heap: list[tuple[float, str, tuple[str, ...]]] = [(0.0, start, (start,))]
    done: set[str] = set()
    while heap:
        length, node, path = heapq.heappop(heap)
        if node == end:
            return path
        if node in done:
            continue
        done.add(node)
        for other, leg in graph[node].items():
            # a port's gate is a place to end at, not to pass: the way past it would cut the traffic of the port
            if other not in done and (other == end or other not in PORTS):
                heapq.heappush(heap, (length + leg, other, (*path, other)))
    raise NotFoundError(f"no lane from {start} to {end}")
