from __future__ import annotations

import pytest

from darkwake import samples
from darkwake.events.model import Event
from detectors.ships import h

HULL = 1001  # the segment of SIM ship 1


def found(*tables: object, **given: float) -> list[Event]:
    return samples.detect("no_position", *tables, **given)  # type: ignore[arg-type]


def test_a_ship_that_goes_on_being_heard_without_a_position() -> None:
    before = samples.ship(hours=[0, 1])
    after = samples.ship(hours=[7, 8], where=(samples.SEA[0], samples.SEA[1] + 0.5))
    (event,) = found(before, after, samples.heard(hours=[2, 3, 4, 5], segment=HULL))
    assert (h(event.start), h(event.end), event.state) == (2, 5, "closed")
    assert event.measures == {"duration_h": 3.0, "reports": 4, "distance_km": pytest.approx(55.6, abs=0.1)}
    assert (event.lon, event.lat) == samples.SEA
    assert [vessel.segment for vessel in event.vessels] == [HULL]
    assert len(event.evidence) == 2


@pytest.mark.parametrize(("hours", "count"), [([2, 2.5, 3], 1), ([2, 2.4, 2.9], 0), ([2, 4], 0)])
def test_it_has_a_least_length_and_number_of_reports(hours: list[float], count: int) -> None:
    assert len(found(samples.ship(hours=[0, 1, 6]), samples.heard(hours=hours, segment=HULL))) == count


def test_a_position_in_between_makes_two_and_so_does_a_long_silence() -> None:
    mute = samples.heard(hours=[2, 3, 4, 6, 7, 8, 20, 21, 22], segment=HULL)
    events = found(samples.ship(hours=[0, 1, 5, 23]), mute)
    assert [(h(event.start), h(event.end)) for event in events] == [(2, 4), (6, 8), (20, 22)]


def test_it_is_open_while_no_position_follows_and_ends_where_last_heard() -> None:
    known, mute = samples.ship(hours=[0, 1]), samples.heard(hours=[2, 3, 4], segment=HULL)
    for data_end_h, end in ((5.0, None), (40.0, 4.0)):
        (event,) = found(known, mute, data_end_h=data_end_h)
        assert (event.state, h(event.end), event.measures["distance_km"]) == ("open", end, None)


def test_positions_of_another_hull_of_the_number_do_not_end_it() -> None:
    other = samples.ship(hours=[2.5, 3.5], where=(10.0, 50.0), segment=7)
    (event,) = found(samples.ship(hours=[0, 1, 6]), other, samples.heard(hours=[2, 3, 4], segment=HULL))
    assert h(event.end) == 4


def test_of_reports_that_could_be_of_either_hull_every_position_counts() -> None:
    other = samples.ship(hours=[3.5], where=(10.0, 50.0), segment=7)
    assert found(samples.ship(hours=[0, 1, 6]), other, samples.heard(hours=[2, 3, 4])) == []


def test_a_ship_without_any_position_is_told_too() -> None:
    (event,) = found(samples.heard(hours=[2, 3, 4]), data_end_h=50.0)
    assert (event.state, event.lon, event.measures["distance_km"]) == ("open", None, None)


def test_a_long_stretch_is_one_though_its_middle_is_far_from_any_position() -> None:
    """Reports more than 12 h from any position name no segment; where the number has one hull they are hers."""
    known = samples.ship(hours=[*samples.every(10, 0, 2), *samples.every(10, 38, 40)])
    near, far = samples.every(10, 2.2, 37.8), samples.every(10, 14.2, 25.8)
    mute = samples.heard(hours=[hour for hour in near if not 14 < hour < 26], segment=HULL)
    (event,) = found(known, mute, samples.heard(hours=far))
    assert event.measures["duration_h"] == pytest.approx(35.6, abs=0.2)
    assert event.vessels[0].segment == HULL
