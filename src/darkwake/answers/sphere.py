"""Distances on the sphere for claims: of one pair in plain Python, of many by NumPy. Not worth compiling a kernel."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG


def distance_m(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Great-circle distance of two positions in degrees, haversine."""
    north = math.sin(math.radians(other_lat - lat) / 2) ** 2
    east = math.sin(math.radians(other_lon - lon) / 2) ** 2
    a = north + math.cos(math.radians(lat)) * math.cos(math.radians(other_lat)) * east
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(a)))


def distances_m(lon: Any, lat: Any, other_lon: Any, other_lat: Any) -> np.ndarray:
    """The same of arrays in degrees, or of numbers and arrays."""
    lon, lat, other_lon, other_lat = (np.radians(value) for value in (lon, lat, other_lon, other_lat))
    north, east = np.sin((other_lat - lat) / 2) ** 2, np.sin((other_lon - lon) / 2) ** 2
    a = north + np.cos(lat) * np.cos(other_lat) * east
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(a))))
