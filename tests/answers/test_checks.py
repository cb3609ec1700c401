"""A misspelt measure or an unknown coast must not decide a claim."""

from __future__ import annotations

import pyarrow as pa
import pytest

from darkwake.answers.checks import check_measures, unknown_waters_h
from darkwake.answers.counting import count
from darkwake.answers.query import Filter, from_json
from darkwake.errors import UsageError
from darkwake.places import Gazetteer
from made_up import data

HOUR = 3_600_000_000
CALLS = {"kind": "port_call", "vessel": "mmsi:299000001"}


def track(lon: float, lat: float, hours: int = 5) -> pa.Table:
    return pa.table(
        {
            "mmsi": pa.array([299000001] * hours, pa.int32()),
            "segment": pa.array([1] * hours, pa.int64()),
            "time": pa.array([k * HOUR for k in range(hours)], pa.timestamp("us", "UTC")),
            "lon": [lon] * hours,
            "lat": [lat] * hours,
        }
    )


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"v": 1, "count": {**CALLS, "min": {"stoped_h": 1}}, "at_most": 0}, "'stoped_h'.*stopped_h"),
        ({"v": 1, "sum": CALLS, "measure": "nope", "at_least": 1}, "'nope'"),
        ({"v": 1, "sum": {"kind": "encounter"}, "measure": "stopped_h", "at_least": 1}, "encounter have no measure"),
    ],
)
def test_a_measure_that_no_event_has_is_refused(query: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_measures(from_json(query))


def test_measures_that_events_have_pass() -> None:
    check_measures(
        from_json({"v": 1, "count": {**CALLS, "min": {"stopped_h": 1, "confidence_level": 2}}, "exactly": 1})
    )
    check_measures(from_json({"v": 1, "count": {"kind": "twin", "min": {"whatever": 1}}, "exactly": 1}))


@pytest.mark.parametrize(
    ("lon", "lat", "hours"),
    [
        (100.0, -65.5, 5),  # off the Shackleton ice shelf: a shore, and no port known
        (125.38, 38.71, 0),  # Nampo
        (155.0, 30.0, 0),  # no port, but no shore either
    ],
)
def test_hours_near_a_coast_without_known_ports(lon: float, lat: float, hours: int) -> None:
    places = Gazetteer.load()
    assert unknown_waters_h(track(lon, lat), places, None, None) == hours
    assert unknown_waters_h(track(lon, lat), places, 2 * HOUR, 4 * HOUR) == min(hours, 2)
    assert unknown_waters_h(track(lon, lat, 0), places, None, None) == 0


def test_calls_in_unknown_waters_have_no_upper_bound() -> None:
    anywhere = Filter("port_call", vessel="mmsi:299000001", since=0, until=4 * HOUR)
    assert count(anywhere, data([], track(32.57, 29.93))).upper is not None
    counted = count(anywhere, data([], track(32.57, 29.93), unknown_waters_h=5))
    assert (counted.lower, counted.upper) == (0, None)
    assert "no port is known here" in counted.notes[0]
    named = Filter("port_call", vessel="mmsi:299000001", place="KPNAM", since=0, until=4 * HOUR)
    assert count(named, data([], track(32.57, 29.93), unknown_waters_h=5)).upper is not None
