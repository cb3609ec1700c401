"""Unit conversions. One place, exact definitions (international nautical mile, SI)."""

from __future__ import annotations

METRES_PER_NAUTICAL_MILE = 1852.0
SECONDS_PER_HOUR = 3600.0
KNOTS_TO_METRES_PER_SECOND = METRES_PER_NAUTICAL_MILE / SECONDS_PER_HOUR


def knots_to_mps(speed_knots: float) -> float:
    """Knots to metres per second."""
    return speed_knots * KNOTS_TO_METRES_PER_SECOND


def mps_to_knots(speed_mps: float) -> float:
    """Metres per second to knots."""
    return speed_mps / KNOTS_TO_METRES_PER_SECOND


def nm_to_m(distance_nm: float) -> float:
    """Nautical miles to metres."""
    return distance_nm * METRES_PER_NAUTICAL_MILE


def m_to_nm(distance_m: float) -> float:
    """Metres to nautical miles."""
    return distance_m / METRES_PER_NAUTICAL_MILE
