from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from darkwake import times
from darkwake.lake.schema import SEGMENTS, STATICS, TRACKS
from darkwake.tracks.build import Built, build, is_ship, weeks
from tracks.made import BUCKET, SHIP, T0, built, identity, report, reports, voyage


def same(a: Built, b: Built) -> bool:
    return a.tracks.equals(b.tracks) and a.statics.equals(b.statics) and a.segments.equals(b.segments)


def heard_twice(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """The same transmissions at a second station, 2 s later, from another file."""
    return [
        row | {"time": row["time"] + 2 * times.SECOND_US, "station": "SIM0", "source": "fedcba9876543210"}
        for row in rows
    ]


def test_tables_have_the_schemas_of_the_lake_and_are_sorted() -> None:
    result = built([*voyage(0, 4, 124, 38, 10), *voyage(3, 4, 10, 50, 10), identity(5)])
    assert result.tracks.schema == TRACKS
    assert result.statics.schema == STATICS
    assert result.segments.schema == SEGMENTS
    order = list(zip(*(result.tracks[name].to_pylist() for name in ("mmsi", "segment", "time")), strict=True))
    assert order == sorted(order)
    assert result.segments["segment"].to_pylist() == sorted(set(result.tracks["segment"].to_pylist()))


def test_no_reports_make_empty_tables() -> None:
    result = built([])
    assert (result.tracks.num_rows, result.statics.num_rows, result.segments.num_rows) == (0, 0, 0)
    assert result.tracks.schema == TRACKS


def test_receptions_become_one_transmission_with_all_stations() -> None:
    rows = voyage(0, 1, 124, 38, 10)
    tracks = built(rows + heard_twice(rows)).tracks
    assert tracks.num_rows == len(rows)
    assert set(tracks["receptions"].to_pylist()) == {2}
    assert set(tracks["stations"].to_pylist()) == {"SIM0,SIM1"}
    assert set(tracks["source"].to_pylist()) == {"0123456789abcdef"}


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 2**32), st.lists(st.tuples(st.integers(0, 600), st.integers(0, 5), st.integers(0, 2)), max_size=40)
)
def test_order_of_rows_does_not_matter(seed: int, spots: list[tuple[int, int, int]]) -> None:
    rows = [report(m / 4, 124 + place, 38, station=f"SIM{s}", payload_key=place) for m, place, s in spots]
    rows += [identity(m, draught_m=5.0 + place) for m, place, _ in spots]
    shuffled = random.Random(seed).sample(rows, len(rows))
    assert same(built(rows), built(shuffled))


def test_splitting_one_input_into_two_imports_gives_the_same() -> None:
    rows = [*voyage(0, 12, 124, 38, 10), *voyage(1, 12, 10, 50, 12), *(identity(6.0 * k) for k in range(100))]
    early, late = reports(rows[::2]), reports(rows[1::2])
    whole = built(rows)
    assert same(build(pa.concat_tables([late, early]), BUCKET), whole)


def test_only_good_positions_of_ships_take_part() -> None:
    good = report(0, 124, 38)
    bad = [
        report(1, 124, 38, checksum_ok=False),
        report(2, 124, 38) | {"time": None},
        report(3, 181.5, 38),
        report(4, 124, 91),
        report(5, 124, 38, type=4),
        report(6, 124, 38, mmsi=990_000_000 + BUCKET),
    ]
    assert built([good, *bad]).tracks["time"].cast(pa.int64()).to_pylist() == [T0]


def test_rows_of_a_vendor_need_no_message_type() -> None:
    rows = [report(k, 124, 38, type=None, time_basis="vendor", name="SIM AURORA") for k in range(3)]
    result = built(rows)
    assert result.tracks["type"].to_pylist() == [0, 0, 0]
    assert set(result.statics["name"].to_pylist()) == {"SIM AURORA"}


def test_numbers_that_are_no_ships() -> None:
    numbers = np.array([SHIP, 0, 1_193_046, 150_402_951, 2_570_000, 111_232_506, 970_010_001, 992_351_000, 982_570_001])
    assert is_ship(numbers).tolist() == [True, True, True, True, False, False, False, False, True]


def test_weeks_begin_on_monday() -> None:
    instants = np.array([times.parse(t) for t in ("2019-02-03T23:59:59", "2019-02-04", "1970-01-01", "1969-12-28")])
    assert weeks(instants).to_pylist() == ["2019-01-28", "2019-02-04", "1969-12-29", "1969-12-22"]


def test_box_across_the_antimeridian_has_its_west_in_the_east() -> None:
    row = built(voyage(0, 10, 179.5, 0, 12)).segments.to_pylist()[0]
    assert row["west"] == 179.5
    assert -179 < row["east"] < -177
    assert (row["positions"], row["class_b"], row["end_reason"]) == (61, False, "end_of_data")


def test_class_b_by_majority() -> None:
    assert built(voyage(0, 1, 124, 38, 5, type=18)).segments["class_b"].to_pylist() == [True]
