"""Encounters of SIM ships: one meeting of one pair, whatever the clock, the date line or the calls say."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkwake import refs, times
from darkwake.detectors.meeting.encounter import Encounter
from darkwake.errors import UsageError
from darkwake.geo.sphere import distance_m
from detectors.ships import METRES, SEA, T0, Surroundings, detect, every, h, harbour, ship, tracks

FOUND = Encounter()


def beside(metres: float, of: tuple[float, float] = SEA) -> tuple[float, float]:
    return of[0], of[1] + metres * METRES


def pair(start: float, end: float, metres: float = 200.0, minutes: float = 7.0, **given: float):
    """Two ships near each other from start to end."""
    return tracks(
        ship(1, every(minutes, start, end), SEA, **given), ship(2, every(minutes, start, end), beside(metres), **given)
    )


def test_a_meeting_has_its_measures_and_its_bytes():
    (event,) = detect(FOUND, pair(0.0, 5.0))
    assert (event.kind, event.state, h(event.start), h(event.end)) == ("encounter", "closed", 0.0, 4.833)
    assert [v.mmsi for v in event.vessels] == [299_000_001, 299_000_002]
    assert event.measures["median_distance_m"] == pytest.approx(200.0, abs=0.2)
    assert event.measures["median_speed_knots"] == pytest.approx(0.2)
    assert event.measures["duration_h"] == event.measures["together_h"] == pytest.approx(4.83)
    assert event.measures["distance_from_port_km"] is None
    assert event.measures["heading_difference_deg"] is None
    assert event.lat == pytest.approx(SEA[1] + 100 * METRES, abs=1e-6)
    assert len(event.evidence) == 4
    spans = [refs.parse(text).spans[0].offset for text in event.evidence]
    assert spans[:2] == [1_000_000, 2_000_000]  # the opening report of each


@pytest.mark.parametrize(("metres", "hours", "found"), [(480, 3, 1), (520, 3, 0), (200, 1.9, 0), (200, 2.2, 1)])
def test_the_thresholds(metres, hours, found):
    assert len(detect(FOUND, pair(0.0, hours, metres))) == found


def test_a_meeting_across_midnight_is_one():
    (event,) = detect(FOUND, pair(13.5, 16.5))  # T0 is 09:00, so 22:30 to 01:30
    assert event.measures["duration_h"] == pytest.approx(2.83)


def test_an_interruption_under_four_hours_belongs_to_it_and_a_longer_one_parts():
    def with_pause(hours: float):
        both = [*every(10, 0, 3), *every(10, 3 + hours, 6 + hours)]
        return detect(FOUND, tracks(ship(1, both, SEA), ship(2, both, beside(100))))

    (one,) = with_pause(3.5)
    assert one.measures["duration_h"] == pytest.approx(9.5)
    assert one.measures["together_h"] == pytest.approx(6.0)
    assert len(with_pause(4.0)) == 2


def test_interruptions_are_no_time_together():
    twice = [*every(10, 0, 0.5), *every(10, 3.5, 4.0)]
    assert detect(FOUND, tracks(ship(1, twice, SEA), ship(2, twice, beside(100)))) == []


def test_three_rafted_ships_are_three_pairs():
    table = tracks(*(ship(n, every(8, 0, 4), beside(40.0 * n)) for n in (1, 2, 3)))
    events = detect(FOUND, table)
    assert sorted(tuple(v.mmsi % 10 for v in e.vessels) for e in events) == [(1, 2), (1, 3), (2, 3)]
    assert len({e.id for e in events}) == 3
    outcomes = {check.explanation: check.outcome for check in events[0].innocent}
    assert outcomes["waiting or sheltering with others"] == "1 other"


def test_a_joint_departure_does_not_hide_the_meeting():
    def sailing(metres: float):
        return lambda hour: (SEA[0] + max(0.0, hour - 4) * 0.2, SEA[1] + metres * METRES)

    def sog(hour: float) -> float:
        return 0.1 if hour < 4 else 10.0

    hours = every(6, 0, 16)
    (event,) = detect(FOUND, tracks(ship(1, hours, sailing(0), sog), ship(2, hours, sailing(150), sog)))
    assert h(event.end) == pytest.approx(4.0, abs=0.2)
    assert event.measures["median_speed_knots"] == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("at", [(180.0, 10.0), (-180.0, -55.0), (0.0, 0.0), (45.0, 89.9995), (10.0, 84.0)])
def test_the_antimeridian_and_the_poles_are_no_border(at):
    east = np.degrees(150 / 6_371_008.8) / max(np.cos(np.radians(at[1])), 1e-9)
    west, right = (at[0] - east / 2, at[1]), (at[0] + east / 2, at[1])
    (event,) = detect(FOUND, tracks(ship(1, every(9, 0, 4), west), ship(2, every(9, 0, 4), right)))
    away = distance_m(west[0], west[1], right[0], right[1])
    assert event.measures["median_distance_m"] == pytest.approx(away, abs=1.0)
    if abs(at[1]) < 89:
        assert distance_m(event.lon, event.lat, *at) < 5.0


def test_ports_swallow_rafted_neighbours():
    port = harbour("SIMPT", *SEA, 3000.0)
    table = pair(0.0, 5.0)
    assert detect(FOUND, table, Surroundings([port])) == []
    away = replace(port, lat=SEA[1] + 13_500 * METRES)
    (event,) = detect(FOUND, table, Surroundings([away]))
    assert event.measures["distance_from_port_km"] == pytest.approx(10.4, abs=0.2)


def test_a_port_out_of_use_swallows_nothing():
    def met(start_h: float | None, end_h: float | None) -> list[str | None]:
        valid = times.Interval(
            *(None if hour is None else T0 + round(hour * times.HOUR_US) for hour in (start_h, end_h))
        )
        port = harbour("SIMPT", *SEA, 3_000.0, valid=valid)
        roads = harbour("ROADS", *SEA, 2_000.0, "zone", valid=valid)
        return [event.place for event in detect(FOUND, pair(0.0, 5.0), Surroundings([port, roads]))]

    assert met(None, None) == met(-1, 10) == []
    assert met(None, -1) == met(10, None) == [None]


def test_no_position_is_invented_in_a_hole_of_more_than_an_hour():
    sparse = every(70, 0, 10)
    assert detect(FOUND, tracks(ship(1, sparse, SEA), ship(2, sparse, beside(100)))) == []


def test_two_segments_of_one_number_do_not_meet():
    hours = every(10, 0, 5)
    assert detect(FOUND, tracks(ship(1, hours, SEA), ship(1, hours, beside(50), segment=77))) == []


def test_without_a_sent_speed_the_path_tells_it():
    assert len(detect(FOUND, pair(0.0, 4.0, sog=None))) == 1

    def fast(hour: float) -> tuple[float, float]:
        return SEA[0] + hour * 0.15, SEA[1]

    hours = every(10, 0, 4)
    table = tracks(ship(1, hours, fast, None), ship(2, hours, lambda t: (fast(t)[0], SEA[1] + 100 * METRES), None))
    assert detect(FOUND, table) == []


def test_medians_are_of_all_instants():
    # 100 m for 3 h, then 400 m for 6 h: a median of the parts' medians would say 250.
    hours = every(10, 0, 9)
    table = tracks(ship(1, hours, SEA), ship(2, hours, lambda t: beside(100 if t < 3 else 400)))
    (event,) = detect(FOUND, table)
    assert event.measures["median_distance_m"] == pytest.approx(400, abs=1)


def test_headings_are_compared_the_short_way_round():
    hours = every(10, 0, 4)
    (event,) = detect(FOUND, tracks(ship(1, hours, SEA, heading_deg=350), ship(2, hours, beside(90), heading_deg=15)))
    assert event.measures["heading_difference_deg"] == 25.0


def test_open_while_it_may_go_on_and_the_id_stays():
    (growing,) = detect(FOUND, pair(0.0, 5.0), data_end_h=8.0)
    (done,) = detect(FOUND, pair(0.0, 7.0), data_end_h=40.0)
    assert (growing.state, growing.end) == ("open", None)
    assert (done.state, done.id) == ("closed", growing.id)


def test_ship_types_are_checked_where_they_are_known():
    events = detect(FOUND, pair(0.0, 5.0), ship_types={299_000_001: 52, 299_000_002: 80})
    outcomes = {check.explanation: check.outcome for check in events[0].innocent}
    assert outcomes["tug, pilot, tender or fishing vessel"] == "tug (52)"


def test_a_grid_needs_reports_an_hour_apart_at_most():
    with pytest.raises(UsageError, match="at most 1"):
        detect(FOUND, pair(0.0, 3.0), max_report_gap_h=3.0)


def crowd(seed: int) -> pa.Table:
    """Fourteen ships that wander and stop in a square of 2 km, some across the date line."""
    random_ = np.random.default_rng(seed)
    ships = []
    for number in range(14):
        lon, lat = (180.0 if number % 2 else 179.99) + random_.uniform(0, 0.01), random_.uniform(0, 0.01)
        hours = np.sort(random_.uniform(0, 30, 150))
        drift = random_.uniform(-1, 1, 2) * 3e-4
        ships.append(ship(number, hours, lambda t, a=lon, b=lat, d=drift: (a + d[0] * t, b + d[1] * t), 0.5))
    return tracks(*ships)


def brute_force(table: pa.Table, metres: float) -> set[tuple[int, int, float, float]]:
    """The same definition by NumPy, one pair at a time."""
    found = set()
    paths = {}
    for mmsi in sorted(set(table["mmsi"].to_pylist())):
        own = table.filter(pa.compute.equal(table["mmsi"], mmsi))
        t = own["time"].cast(pa.int64()).to_numpy() / 6e8
        lon = own["lon"].to_numpy() % 360
        steps = np.arange(np.ceil(t[0]), np.floor(t[-1]) + 1)
        after = np.searchsorted(t, steps, side="left").clip(1, len(t) - 1)
        known = (t[after] - t[after - 1] <= 6.0) | (t[after] == steps)
        position = np.interp(steps, t, lon), np.interp(steps, t, own["lat"].to_numpy())
        paths[mmsi] = {s: (x, y) for s, x, y, k in zip(steps, *position, known, strict=True) if k}
    for a, b in itertools.combinations(paths, 2):
        close = [
            s for s in sorted(paths[a].keys() & paths[b].keys()) if distance_m(*paths[a][s], *paths[b][s]) <= metres
        ]
        runs = np.split(close, np.flatnonzero(np.diff(close) >= 24) + 1) if close else []
        found |= {(a, b, r[0], r[-1]) for r in runs if (np.diff(r) == 1).sum() >= 12}
    return found


@pytest.mark.parametrize("seed", range(4))
def test_the_same_as_by_brute_force(seed):
    table = crowd(seed)
    events = detect(FOUND, table, data_end_h=100.0)
    ours = {(*(v.mmsi for v in e.vessels), e.start / 6e8, e.end / 6e8) for e in events}
    assert ours == brute_force(table, 500.0)
    assert ours


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 99))
def test_the_same_events_whatever_rows_share_a_call(piles, salt, order):
    table = crowd(7)
    expected = detect(FOUND, table, data_end_h=32.0)

    def split(rows: pa.Table) -> list[pa.Table]:
        key = rows["part" if "part" in rows.column_names else "mmsi"].to_numpy().astype(np.int64)
        if "part" in rows.column_names:  # a shuffle hands rows on in any order
            mixed = np.random.default_rng(order).permutation(len(key))
            rows, key = rows.take(mixed), key[mixed]
        pile = (key % 1_000_003) * salt * 7919 // 128 % piles
        parts = [rows.filter(pa.array(pile == p)) for p in range(piles)]
        random.Random(order).shuffle(parts)
        return parts

    got = detect(FOUND, table, data_end_h=32.0, split=split)
    assert [e.id for e in got] == [e.id for e in expected]
    assert [e.digest() for e in got] == [e.digest() for e in expected]


def test_nothing_in_nothing_out():
    assert detect(FOUND, pair(0.0, 3.0, metres=20_000)) == []
    assert times.iso(T0) == "2019-02-01T09:00:00Z"
