from __future__ import annotations

import pyarrow as pa
import pytest

from darkwake import samples
from darkwake.tracks.rests import LONGEST_UNHEARD_H, RESTS, rests


def found(table: pa.Table) -> list[dict[str, object]]:
    made = rests(table.select(["mmsi", "segment", "time", "lon", "lat", "sog_knots", "nav_status"]), {})
    assert made.schema == RESTS
    return made.to_pylist()


def hours(row: dict[str, object]) -> float:
    return (row["end"] - row["start"]).total_seconds() / 3600  # type: ignore[operator]


@pytest.mark.parametrize(("length_h", "count"), [(1.9, 0), (2.0, 1)])
def test_a_rest_lasts_two_hours(length_h: float, count: int) -> None:
    assert len(found(samples.ship(hours=[0, 1, length_h], sog=0.0))) == count


def test_a_ship_that_swings_at_anchor_rests_and_one_that_drifts_does_not() -> None:
    def swinging(hour: float) -> tuple[float, float]:
        return samples.SEA[0], samples.SEA[1] + (hour % 2) * 400 * samples.METRES

    def drifting(hour: float) -> tuple[float, float]:
        return samples.SEA[0], samples.SEA[1] + hour * 600 * samples.METRES

    [row] = found(samples.ship(hours=range(8), where=swinging, nav_status=1))
    assert (hours(row), row["reports"], row["at_anchor"], row["moored"]) == (7, 8, True, False)
    assert row["lat"] == pytest.approx(samples.SEA[1] + 200 * samples.METRES)
    assert found(samples.ship(hours=range(8), where=drifting)) == []


def test_who_sends_a_speed_does_not_rest_whatever_position_it_repeats() -> None:
    assert found(samples.ship(hours=range(8), sog=13.2)) == []


def test_a_long_silence_ends_a_rest_and_so_does_another_segment() -> None:
    later = LONGEST_UNHEARD_H + 3.5
    apart = samples.ship(hours=[0, 1, 2, 3, later, later + 1, later + 2])
    assert [hours(row) for row in found(apart)] == [3, 2]
    other = samples.ship(hours=[4, 5, 6], segment=7, nav_status=5)
    two = pa.concat_tables([samples.ship(hours=[0, 1, 2, 3]), other])
    assert [(hours(row), row["moored"]) for row in found(two)] == [(3, False), (2, True)]


def test_at_the_180th_meridian_the_middle_is_there() -> None:
    [row] = found(samples.ship(hours=range(4), where=lambda hour: (179.999 + (hour % 2) * 0.002, 0.0)))
    assert abs(abs(row["lon"]) - 180.0) < 1e-6  # type: ignore[operator]


def test_nothing_comes_of_nothing() -> None:
    assert found(samples.ship()) == []


def test_a_rest_that_begins_after_the_first_slow_report_is_found() -> None:
    metres = [0, *[300] * 6, *[550] * 6]
    [row] = found(
        samples.ship(
            hours=[k / 4 for k in range(13)],
            where=lambda hour: (samples.SEA[0], samples.SEA[1] + metres[round(hour * 4)] * samples.METRES),
        )
    )
    assert hours(row) == 2.75
