from __future__ import annotations

import gzip
import itertools
import json
from typing import Any

import numpy as np

from darkwake import times
from darkwake.geo.sphere import distance_m
from darkwake.tracks.segments import END_REASONS, Assignment, NearestHull, segment_id
from support import shared_data
from tracks.made import T0, report, voyage


def distance_nm(*points: float) -> float:
    return distance_m(*points) / 1852.0


def split(rows: list[dict[str, Any]], **params: float) -> tuple[list[dict[str, Any]], Assignment]:
    rows = sorted(rows, key=lambda row: (row["mmsi"], row["time"]))

    def values(name: str) -> np.ndarray:
        return np.array([np.nan if row[name] is None else row[name] for row in rows], np.float64)

    mmsi = np.array([row["mmsi"] for row in rows], np.int64)
    moments = np.array([row["time"] for row in rows], np.int64)
    return rows, NearestHull(**params).assign(
        mmsi, moments, values("lon"), values("lat"), values("sog_knots"), values("cog_deg")
    )


def hulls(rows: list[dict[str, Any]], **params: float) -> list[int]:
    return np.bincount(split(rows, **params)[1].hull).tolist()


def test_a_fast_ferry_is_one_hull() -> None:
    assert hulls(voyage(0, 10, 10, 55, 35, every_min=1)) == [601]


def test_a_silence_alone_never_breaks() -> None:
    before = voyage(0, 5, 124, 38, 10)
    after = voyage(8 * 24 * 60, 5, 124 + 300 / 60 / np.cos(np.radians(38)), 38, 10)
    assert hulls(before + after) == [62]


def test_impossible_positions_are_segments_of_their_own() -> None:
    rows = [*voyage(0, 10, 124, 38, 10), report(95, 0, 0), report(305, 60, -20)]
    assert sorted(hulls(rows)) == [1, 1, 61]


def test_a_stray_first_position_does_not_take_the_number() -> None:
    assert hulls([report(0, 0, 0), *voyage(5, 30, 124, 38, 10)]) == [1, 181]


def test_strays_hours_apart_do_not_make_a_ship_beside_one_that_goes_on_being_heard() -> None:
    """One could have sailed from each stray to the next, but none is where the one before was bound for."""
    ship = voyage(0, 60, 124, 38, 10, every_min=2)
    astray = [report(61 + 300 * k, 125.5 + 0.5 * (k % 2), 37 - 0.2 * k, sog_knots=10.0, cog_deg=90.0) for k in range(6)]
    assert sorted(hulls([*ship, *astray])) == [1] * 6 + [len(ship)]


def test_a_second_hull_that_is_heard_every_hour_is_one() -> None:
    often, seldom = voyage(0, 48, 124, 38, 10, every_min=2), voyage(3, 48, 125, 36, 10, every_min=60)
    assert sorted(hulls([*often, *seldom])) == [len(seldom), len(often)]


def test_a_stray_after_a_silence_does_not_take_the_hull_along() -> None:
    before, after = voyage(0, 10, 124, 38, 10), voyage(15 * 60, 30, 124 + 150 / 60 / 0.788, 38, 10)
    stray = report(15 * 60 - 15, 125.5, 38.5, sog_knots=10.0, cog_deg=90.0)
    later = [report(15 * 60 + 400 * k, 125.5, 38.0 - 0.5 * k, sog_knots=10.0, cog_deg=0.0) for k in range(1, 4)]
    assert sorted(hulls([*before, stray, *after, *later])) == [1, 1, 1, 1, len(before) + len(after)]


def test_two_hulls_under_one_number() -> None:
    here, there = voyage(0, 48, 124, 38, 10), voyage(3, 48, 10, 50, 10)
    rows, got = split(here + there)
    assert np.bincount(got.hull).tolist() == [len(here), len(there)]
    assert len({row["lat"] for row, hull in zip(rows, got.hull, strict=True) if hull == 0}) == 1
    assert [END_REASONS[r] for r in got.end_reason] == ["end_of_data", "end_of_data"]


def test_two_ships_moored_three_miles_apart() -> None:
    here = [report(6 * k, 124.00, 38, sog_knots=0.0) for k in range(200)]
    there = [report(6 * k + 3, 124.07, 38, sog_knots=0.0) for k in range(200)]
    assert hulls(here + there) == [200, 200]


def test_hulls_that_meet_end_and_are_not_guessed_across() -> None:
    """Two ships under one number sail towards each other and past: nobody can say which came out on which side."""
    west = voyage(0, 10, 123.0, 38, 10)
    east = [
        report(10 * k + 5, 125.1 - k * 10 / 60 * 10 / 60 / 0.788, 38, sog_knots=10.0, cog_deg=270.0) for k in range(61)
    ]
    silent = [row for row in west + east if not 220 < (row["time"] - T0) / times.MINUTE_US < 400]
    for row in silent:
        row["cog_deg"] = None
    _, got = split(silent)
    reasons = [END_REASONS[r] for r in got.end_reason]
    assert reasons[:2] == ["ambiguous", "ambiguous"]
    assert len(reasons) > 2


def test_a_silent_hull_of_a_shared_number_is_closed() -> None:
    """With two hulls about, who sends after two days of silence is anybody's guess."""
    here = voyage(0, 5, 124, 38, 10)
    back = voyage(60 * 60, 5, 125, 38, 10)
    _, got = split([*here, *voyage(3, 80, 10, 50, 10), *back])
    assert len(got.end_reason) == 3
    assert END_REASONS[got.end_reason[0]] == "overlap"


def test_the_antimeridian_is_no_jump() -> None:
    assert hulls(voyage(0, 20, 179, 10, 15)) == [121]


def test_segments_never_span_two_numbers() -> None:
    assert hulls(voyage(0, 2, 124, 38, 10) + voyage(0, 2, 124, 38, 10, mmsi=299_000_017)) == [13, 13]


def test_segment_id_is_48_bits_of_the_first_report() -> None:
    assert segment_id(5, 7) == segment_id(5, 7) != segment_id(5, 8)
    assert 0 <= segment_id(-(2**63), T0) < 2**48


def load(path: Any) -> list[dict[str, Any]]:
    rows = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        items = [json.loads(line) for line in lines]
    for item in items:
        if item["lat"] is not None and abs(item["lat"]) <= 90 and abs(item["lon"]) <= 180:
            minutes = (times.parse(item["timestamp"].rstrip("Z").replace(" ", "T")) - T0) / times.MINUTE_US
            row = report(minutes, item["lon"], item["lat"], sog_knots=item["speed"], cog_deg=item["course"])
            rows.append(row | {"expected": item.get("segment")})
    return rows


def test_a_default_number_of_many_hulls_against_an_expected_split() -> None:
    """416000000, split by gpsdio-segment: nine of ten pairs of reports are joined or parted alike."""
    rows, got = split(load(shared_data("anomaly/shared_mmsi/segmented-416000000.json.gz")))
    _, expected = np.unique([row["expected"] for row in rows], return_inverse=True)
    upper = np.triu_indices(len(rows), 1)
    ours = (got.hull[:, None] == got.hull[None, :])[upper]
    theirs = (expected[:, None] == expected[None, :])[upper]
    assert (ours == theirs).mean() > 0.92
    # 438 reports at rest in three ports, up to 106 nm apart and at least 5 h from each other, may be of one hull
    assert (ours & theirs).sum() / ours.sum() > 0.55
    lon = np.array([row["lon"] for row in rows])
    for hull in range(len(got.end_reason)):  # Taiwan and the Indian Ocean are never one ship
        assert np.ptp(lon[got.hull == hull]) < 5


def test_a_number_with_gaps_and_errors_of_one_hull_stays_one() -> None:
    _, got = split(load(shared_data("anomaly/shared_mmsi/263576000.json.gz")))
    assert np.bincount(got.hull).tolist() == [928]


def test_no_step_inside_a_segment_is_impossible() -> None:
    rows, got = split(load(shared_data("anomaly/shared_mmsi/416000000.json.gz")))
    for hull in range(len(got.end_reason)):
        own = [row for row, h in zip(rows, got.hull, strict=True) if h == hull]
        for a, b in itertools.pairwise(own):
            hours = (b["time"] - a["time"]) / times.HOUR_US
            assert distance_nm(a["lon"], a["lat"], b["lon"], b["lat"]) <= 1.0 + 50.0 * hours


def test_on_a_shared_number_a_far_report_is_a_stranger_and_a_near_one_is_not() -> None:
    """A hull that was silent for long could be anywhere; so could one that nobody heard before."""
    shared = [*voyage(0, 5, 124, 38, 10), *voyage(3, 24, 10, 50, 10)]
    east = 1 / 60 / np.cos(np.radians(38))  # a mile
    later = {nm: report(23 * 60, 124.8 + nm * east, 38, sog_knots=10, cog_deg=90) for nm in (150, 400)}
    assert len(hulls([*shared, later[150]])) == 2
    assert len(hulls([*shared, later[400]])) == 3
    assert len(hulls([*shared, later[400]], stranger_nm=1e6)) == 2  # the rule, not the distance that can be sailed
    assert len(hulls([*voyage(0, 5, 124, 38, 10), later[400]])) == 1  # nobody else uses the number
