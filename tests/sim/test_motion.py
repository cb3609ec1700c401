from __future__ import annotations

import numpy as np
import pytest

from darkwake.sim import motion
from darkwake.units import KNOTS_TO_METRES_PER_SECOND

LANE = [(124.0, 38.0), (124.5, 38.0), (124.5, 38.4)]


def test_a_path_keeps_its_ends_and_cuts_no_corner() -> None:
    lon, lat, at = motion.path(LANE, np.zeros(3), (0.0, 0.0))
    assert (lon[0], lat[0]) == pytest.approx(LANE[0])
    assert (lon[-1], lat[-1]) == pytest.approx(LANE[-1])
    assert at[-1] == pytest.approx(43_800 + 44_478, rel=0.01)
    corner = np.hypot((lon - 124.5) * 87_600, (lat - 38.0) * 111_195).min()
    assert corner < 250  # rounded, by less than an approach is wide


def test_a_ship_keeps_to_the_lane_where_it_is_narrow() -> None:
    _, lat, at = motion.path([(124.0, 38.0), (125.0, 38.0)], np.array([1.0, 1.0, 0.0]), (20_000.0, 20_000.0))
    beside = np.abs(lat - 38.0) * 111_195
    assert beside[at < 20_000].max() < 1
    assert beside[at > at[-1] - 19_900].max() < 1
    assert 300 < beside.max() < 1000


def test_speed_rises_and_falls_within_limits() -> None:
    at = np.arange(0, 60_000, 100.0)
    when = motion.timing(at, 12.0, (True, False), np.ones(len(at)))
    speed = np.diff(at) / np.diff(when) / KNOTS_TO_METRES_PER_SECOND
    assert speed.max() < 12.01
    assert speed[at[1:] < 800].max() <= 4.01  # in the harbour
    assert speed[-1] < 5  # slows down at the end
    acceleration = np.diff(np.diff(at) / np.diff(when)) / np.diff(when)[1:]
    assert np.abs(acceleration).max() < 0.03


def test_a_ship_at_anchor_stays_within_its_circle() -> None:
    seconds = np.arange(0, 86_400, 20.0)
    east, north, heading = motion.swing(seconds, 70.0, 0.3, 0.1)
    assert (east[0], north[0]) == pytest.approx((0, 0), abs=1e-9)
    assert np.hypot(east, north).max() <= 140.1
    assert (np.hypot(np.diff(east), np.diff(north)) / 20 / KNOTS_TO_METRES_PER_SECOND).max() < 1
    assert ((heading >= 0) & (heading < 360)).all()


def test_a_drifting_ship_loiters_by_speed() -> None:
    seconds = np.arange(20.0, 48 * 3600, 20.0)
    east, north = motion.drift(seconds, 3600.0, np.array([0.6, 1.1, 0.02, -0.015]))
    speed = np.hypot(np.diff(east), np.diff(north)) / 20 / KNOTS_TO_METRES_PER_SECOND
    assert speed.max() < 1.0
    assert np.hypot(east, north).max() < 12_000
