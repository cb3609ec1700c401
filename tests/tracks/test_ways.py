from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkwake import times
from darkwake.geo.sphere import distance_m
from darkwake.tracks.ways import WAYS, ways
from tracks.made import T0


def distance_nm(*points: float) -> float:
    return distance_m(*points) / 1852.0


def silent(hours: float, lon0: float, lat0: float, lon1: float, lat1: float, open_: bool = False) -> dict[str, Any]:
    one = {
        "start": T0, "end": T0 + round(hours * times.HOUR_US), "lon0": lon0, "lat0": lat0, "lon1": lon1, "lat1": lat1,
        "knots": 10.0, "class_b": False, "open": open_,
    }  # fmt: skip
    return {name: np.array([value]) for name, value in one.items()}


def points(given_: dict[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    paths = ways(given_, np.zeros(1, np.int64), np.zeros(1, np.int64))
    assert paths.offsets.tolist() == list(range(0, 4 * WAYS + 1, 4))
    return tuple(values.reshape(WAYS, 4) for values in (paths.time_us, paths.lon, paths.lat))  # type: ignore[return-value]


@given(st.floats(6.1, 200), st.floats(-180, 179.9), st.floats(-60, 60), st.floats(-0.7, 0.7), st.floats(-0.7, 0.7))
def test_ways_join_the_reports_in_time(hours: float, lon: float, lat: float, east: float, north: float) -> None:
    end_lon = (lon + east + 180) % 360 - 180
    moment, x, y = points(silent(hours, lon, lat, end_lon, lat + north))
    assert (np.diff(moment, axis=1) >= 0).all()
    assert (moment[:, 0] == T0).all()
    assert (moment[:, 3] == T0 + round(hours * times.HOUR_US)).all()
    for way in range(WAYS):
        assert distance_nm(x[way, 0], y[way, 0], lon, lat) < 1e-3
        assert distance_nm(x[way, 3], y[way, 3], end_lon, lat + north) < 1e-3
        for leg in range(3):
            length = distance_nm(x[way, leg], y[way, leg], x[way, leg + 1], y[way, leg + 1])
            knots = length / max(1e-9, (moment[way, leg + 1] - moment[way, leg]) / times.HOUR_US)
            assert knots < 12.5 or length < 0.1  # ten, and what a plane does to a sphere


def test_an_open_silence_need_not_return() -> None:
    _, x, y = points(silent(10, 124, 38, 124, 38, open_=True))
    away = [distance_nm(124, 38, x[way, 3], y[way, 3]) for way in range(WAYS)]
    assert away[0] == 0
    assert max(away) == pytest.approx(100, rel=0.02)
