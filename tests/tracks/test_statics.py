from __future__ import annotations

import itertools

from darkwake import times
from tracks.made import T0, built, identity, report, voyage


def test_identity_belongs_to_the_segment_alone_alive() -> None:
    result = built([*voyage(0, 2, 124, 38, 10), identity(30), identity(60 * 13), identity(60 * 15)])
    segment = result.segments["segment"].to_pylist()[0]
    assert result.statics["segment"].to_pylist() == [segment, segment, None]


def test_identity_of_two_hulls_under_one_number_is_nobodys() -> None:
    result = built([*voyage(0, 2, 124, 38, 10), *voyage(1, 2, 10, 50, 10), identity(30)])
    assert result.segments.num_rows == 2
    assert result.statics["segment"].to_pylist() == [None]


def test_a_stray_position_does_not_make_an_identity_doubtful() -> None:
    result = built([*voyage(0, 2, 124, 38, 10), report(31, 0, 0), identity(30)])
    assert result.segments.num_rows == 2
    assert result.statics["segment"].null_count == 0


def test_an_identity_that_came_with_a_position_is_whose_the_position_is() -> None:
    rows = [
        report(10 * k + side, 124 - 90 * side, 38, time_basis="vendor", name=f"SIM {side}")
        for side in (0, 1)
        for k in range(20)
    ]
    result = built([*rows, report(50, None, None, time_basis="vendor", name="SIM 2")])
    hulls = dict(zip(result.tracks["time"].to_pylist(), result.tracks["segment"].to_pylist(), strict=True))
    assert len(set(hulls.values())) == 2
    told = [row for row in result.statics.to_pylist() if row["name"] != "SIM 2"]
    assert [row["segment"] for row in told] == [hulls[row["time"]] for row in told]


def test_radio_identities_are_all_kept() -> None:
    assert built([identity(6.0 * k) for k in range(200)]).statics.num_rows == 200


def test_unchanged_rows_of_a_table_are_thinned_and_changes_kept() -> None:
    rows = [
        report(10 * k, 124, 38, time_basis="vendor", name="SIM AURORA", draught_m=7.0 if k < 100 else 9.0)
        for k in range(200)
    ]
    statics = built(rows).statics
    minutes = [(t - T0) // times.MINUTE_US for t in statics["time"].cast("int64").to_pylist()]
    assert {0, 990, 1000, 1990} <= set(minutes)  # the ends of both runs
    assert len(minutes) < 15
    assert all(b - a <= 6 * 60 for a, b in itertools.pairwise(minutes))
