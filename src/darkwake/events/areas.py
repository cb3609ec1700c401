"""Circles on the sphere that kernels can ask about quickly: ports and known anchorages as discs, found by cell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from darkwake.jit import kernel

EARTH_M = 6_371_008.8
CELL_DEG = 0.5
_COLUMNS, _ROWS = 720, 360


@kernel
def haversine_m(lon_a: float, lat_a: float, lon_b: float, lat_b: float) -> float:
    """Great-circle distance on a sphere of the mean radius."""
    half_lat = np.radians(lat_b - lat_a) * 0.5
    half_lon = np.radians(lon_b - lon_a) * 0.5
    chord = (
        np.sin(half_lat) ** 2 + np.cos(np.radians(lat_a)) * np.cos(np.radians(lat_b)) * np.sin(half_lon) ** 2
    )
    return 2.0 * EARTH_M * np.arcsin(min(1.0, np.sqrt(chord)))


@kernel
def _cells(
    lon: np.ndarray, lat: np.ndarray, reach_m: np.ndarray, first: np.ndarray, members: np.ndarray, fill: bool
) -> None:
    """Count (fill False) or list (fill True) the discs that touch each cell; `first` is shifted by one while counting."""
    for disc in range(len(lon)):
        north = np.degrees(reach_m[disc] / EARTH_M)
        top = min(89.9, abs(lat[disc]) + north)
        east = min(180.0, np.degrees(reach_m[disc] / (EARTH_M * np.cos(np.radians(top)))) * 1.01)
        row_low = max(0, int(np.floor((lat[disc] - north + 90.0) / CELL_DEG)))
        row_high = min(_ROWS - 1, int(np.floor((lat[disc] + north + 90.0) / CELL_DEG)))
        column_low = int(np.floor((lon[disc] - east + 180.0) / CELL_DEG))
        column_high = min(int(np.floor((lon[disc] + east + 180.0) / CELL_DEG)), column_low + _COLUMNS - 1)
        for row in range(row_low, row_high + 1):
            for column in range(column_low, column_high + 1):
                cell = row * _COLUMNS + column % _COLUMNS
                if fill:
                    members[first[cell]] = disc
                    first[cell] += 1
                else:
                    first[cell + 1] += 1


@kernel
def disc_at(
    lon: float,
    lat: float,
    disc_lon: np.ndarray,
    disc_lat: np.ndarray,
    reach_m: np.ndarray,
    first: np.ndarray,
    members: np.ndarray,
) -> int:
    """The disc around this point (the one whose centre is nearest in proportion to its reach), or −1."""
    row = min(_ROWS - 1, max(0, int(np.floor((lat + 90.0) / CELL_DEG))))
    cell = row * _COLUMNS + int(np.floor((lon + 180.0) / CELL_DEG)) % _COLUMNS
    best, share = -1, 1.0
    for at in range(first[cell], first[cell + 1]):
        disc = members[at]
        part = haversine_m(lon, lat, disc_lon[disc], disc_lat[disc]) / reach_m[disc]
        if part < share:
            best, share = disc, part
    return best


def discs(lon: np.ndarray, lat: np.ndarray, reach_m: np.ndarray) -> tuple[np.ndarray, ...]:
    """Arguments 3 to 7 of `disc_at`. Every reach must be > 0; centres may lie anywhere, also at the 180th meridian."""
    lon, lat, reach_m = (np.ascontiguousarray(values, dtype=np.float64) for values in (lon, lat, reach_m))
    counts = np.zeros(_COLUMNS * _ROWS + 1, np.int64)
    _cells(lon, lat, reach_m, counts, np.empty(0, np.int64), False)
    first = np.cumsum(counts)
    members = np.empty(first[-1], np.int64)
    _cells(lon, lat, reach_m, first[:-1].copy(), members, True)
    return lon, lat, reach_m, first, members


def from_arguments(arguments: Mapping[str, Any], extra_m: float = 0.0) -> tuple[np.ndarray, ...]:
    """The discs of the plan's arguments `port_lon`, `port_lat`, `port_radius_m`, each wider by `extra_m`."""
    radius_m = np.asarray(arguments["port_radius_m"], np.float64)
    return discs(arguments["port_lon"], arguments["port_lat"], radius_m + extra_m)
