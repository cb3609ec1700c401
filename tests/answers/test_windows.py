from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from darkwake import times
from darkwake.answers import windows
from darkwake.answers.occurrences import distinct
from darkwake.answers.windows import (
    Anywhere,
    Assumptions,
    Box,
    Known,
    Spot,
    Target,
    Window,
    chain_count,
    chains_of,
    heard,
    windows_of,
)
from darkwake.geo.sphere import distance_m
from made_up import AWAY, HARBOUR, MMSI, event, hour, track

SPOT = Spot(*HARBOUR, radius_m=5000)
ASSUMED = Assumptions(max_speed_knots=20.0, least_stay_h=3.0, least_absence_h=4.0)


def away_m(target: Target, lon: float, lat: float) -> float:
    return float(target.distances_m(np.array([lon]), np.array([lat]))[0])


def fit(
    window: Window, target: Target, known: list, since: int | None, until: int | None, assumed: Assumptions
) -> int | None:
    (room,) = windows.fits([window], target, Known(distinct(known)), since, until, assumed, one_place=True)
    return room


def all_windows(positions: pa.Table) -> list[Window]:
    return [window for chain in chains_of(positions) for window in windows_of(chain, 3.0)]


SAIL_H = away_m(SPOT, *AWAY) / 1852 / 20  # 3.7 h from AWAY to the harbour


def silence(start: float, end: float) -> Window:
    return Window(hour(start), hour(end), AWAY, AWAY, "silence")


def fits(window: Window, known: list | None = None, since: int | None = None, until: int | None = None) -> int | None:
    return fit(window, SPOT, known or [], since, until, ASSUMED)


def test_one_call_fits_when_there_is_time_to_sail_in_stay_and_sail_out() -> None:
    needed = 2 * SAIL_H + 3
    assert fits(silence(0, needed - 0.01)) == 0
    assert fits(silence(0, needed + 0.01)) == 1


def test_each_further_call_needs_an_absence_and_a_stay() -> None:
    needed = 2 * SAIL_H + 3 + 7
    assert fits(silence(0, needed - 0.01)) == 1
    assert fits(silence(0, needed + 0.01)) == 2


def test_only_the_part_inside_the_period_counts() -> None:
    window = silence(0, 100)
    assert fits(window, since=hour(200)) == 0
    assert fits(window, until=hour(SAIL_H - 0.1)) == 0  # nothing can have begun yet
    assert fits(window, until=hour(SAIL_H + 0.1)) == 1


def test_a_window_that_never_ends_is_bounded_by_the_period_alone() -> None:
    never = Window(None, None, None, None, "no position at all")
    assert fits(never) is None
    assert fits(never, since=hour(0), until=hour(70)) == 10
    before = Window(None, hour(10), None, AWAY, "before the first report")
    assert fits(before) is None
    assert fits(before, since=hour(0)) == math.ceil((10 - SAIL_H - 3) / 7)
    after = Window(hour(0), None, AWAY, None, "after the last report")
    assert fits(after) is None
    assert fits(after, until=hour(20)) == math.ceil((20 - SAIL_H) / 7)


def test_a_silence_inside_a_known_stay_can_hide_an_absence() -> None:
    stay = event(start=0, end=40)
    window = Window(hour(10), hour(20), HARBOUR, HARBOUR, "silence")
    assert fits(window, [stay]) == 1  # left at 10, back by 20
    short = Window(hour(10), hour(13.9), HARBOUR, HARBOUR, "silence")
    assert fits(short, [stay]) == 0


def test_a_silence_between_two_known_stays_needs_an_absence_on_both_sides() -> None:
    known = [event(start=0, end=10), event(start=21, end=30)]
    window = Window(hour(10), hour(21), HARBOUR, HARBOUR, "silence")
    assert fits(window, known) == 1  # 4 + 3 + 4
    later = [event(start=0, end=10), event(start=20.9, end=30)]
    assert fits(Window(hour(10), hour(20.9), HARBOUR, HARBOUR, "silence"), later) == 0


def test_an_occurrence_known_otherwise_takes_its_share_of_a_window() -> None:
    window = silence(0, 100)
    free = fits(window)
    assert free is not None
    assert fits(window, [event(start=50, end=55)]) == free - 1


@given(
    length=st.floats(0, 2000),
    longer=st.floats(0, 500),
    stay=st.floats(0.5, 24),
    speed=st.floats(1, 40),
)
def test_more_time_more_speed_and_shorter_stays_never_lower_the_bound(
    length: float, longer: float, stay: float, speed: float
) -> None:
    assumed = Assumptions(speed, stay, 4.0)
    base = fit(silence(0, length), SPOT, [], None, None, assumed)
    assert base is not None
    assert base >= 0
    more_time = fit(silence(0, length + longer), SPOT, [], None, None, assumed)
    faster = fit(silence(0, length), SPOT, [], None, None, Assumptions(speed * 2, stay, 4.0))
    shorter = fit(silence(0, length), SPOT, [], None, None, Assumptions(speed, stay / 2, 4.0))
    anywhere = fit(silence(0, length), Anywhere(), [], None, None, assumed)
    for wider in (more_time, faster, shorter, anywhere):
        assert wider is not None
        assert wider >= base


def test_windows_of_a_track() -> None:
    found = all_windows(track([0, 1, 2, 10, 11]))
    assert [(w.why, w.start, w.end) for w in found] == [
        ("before the first report", None, hour(0)),
        ("silence", hour(2), hour(10)),
        ("after the last report", hour(11), None),
    ]
    assert found[1].before == AWAY


def test_no_track_is_one_window_without_ends() -> None:
    empty = track([])
    assert [w.why for w in all_windows(empty)] == ["no position at all"]
    assert chain_count(empty) == 0
    assert heard(empty, None, None).coverage == 0.0


def test_two_ships_on_one_mmsi_do_not_vouch_for_each_other() -> None:
    a = track([0, 1, 20, 21], segment=1)
    b = track([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18], segment=2)
    both = pa.concat_tables([a, b])
    assert chain_count(both) == 2
    assert (hour(1), hour(20)) in [(w.start, w.end) for w in all_windows(both)]
    after = pa.concat_tables([track([0, 1], segment=1), track([2, 3], segment=2)])
    assert chain_count(after) == 1


def test_coverage_is_hours_heard_of_hours_asked() -> None:
    positions = track([0, 0.5, 1, 5.2])
    assert (heard(positions, hour(0), hour(10)).hours, heard(positions, hour(0), hour(10)).of_hours) == (3, 10)
    assert heard(positions, hour(0), hour(9.5)).of_hours == 10
    assert heard(positions, hour(100), hour(110)).coverage == 0.0
    assert heard(positions, None, None).hours == 3


@pytest.mark.parametrize("seam", [0.0, 175.0])
def test_distance_to_a_box_is_never_overstated(seam: float) -> None:
    west, east = (5 + seam + 180) % 360 - 180, (15 + seam + 180) % 360 - 180
    box = Box((west, 50.0, east, 60.0))
    rng = np.random.default_rng(1)
    for _ in range(200):
        lon, lat = rng.uniform(-180, 180), rng.uniform(-89, 89)
        edge_lon = (5 + seam + rng.uniform(0, 10) + 180) % 360 - 180
        assert away_m(box, lon, lat) <= distance_m(lon, lat, edge_lon, rng.uniform(50, 60)) + 1
    assert away_m(box, west, 55.0) == 0.0


def test_distance_of_one_degree_of_latitude() -> None:
    assert distance_m(0, 0, 0, 1) == pytest.approx(111_195, abs=1)
    assert distance_m(179.5, 0, -179.5, 0) == pytest.approx(111_195, abs=1)
    assert away_m(SPOT, *HARBOUR) == 0.0
    assert MMSI // 1_000_000 == 299
    assert times.HOUR_US == 3_600_000_000


def test_a_return_within_the_least_absence_is_no_further_call() -> None:
    """Left at hour 10, heard at its edge until hour 11, then silent: nothing new may begin before hour 14."""
    near = (HARBOUR[0], HARBOUR[1] + 0.06)
    known = Known(distinct([event(start=0, end=10), event(start=40, end=50)]))
    after, before = (
        Window(hour(11), None, near, None, "after the last report"),
        Window(hour(20), hour(39), near, near, "silence"),
    )

    def rooms(window: Window, since: float, until: float, one_place: bool) -> int | None:
        period = hour(since), hour(until)
        (room,) = windows.fits([window], SPOT, known, *period, ASSUMED, one_place=one_place)
        return room

    assert (rooms(after, 0, 13.9, True), rooms(after, 0, 13.9, False)) == (0, 1)
    assert (rooms(after, 0, 14.1, True), rooms(after, 0, 14.1, False)) == (1, 2)
    # and before the next one: left by hour 36, so begun by hour 33
    assert (rooms(before, 33.1, 60, True), rooms(before, 33.1, 60, False)) == (0, 1)
    assert rooms(before, 32.9, 60, True) == 1
