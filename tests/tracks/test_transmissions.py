from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from darkwake.times import SECOND_US
from darkwake.tracks.transmissions import NO_SECOND, Transmissions, merge, ranks


def heard(rows: list[tuple[float, int, str, int, str | None]], second: int = NO_SECOND) -> Transmissions:
    """(seconds, payload, source, offset, station) of one MMSI."""
    n = len(rows)
    return merge(
        np.full(n, 299_000_001),
        np.array([round(r[0] * SECOND_US) for r in rows], np.int64),
        np.array([r[1] for r in rows], np.int64),
        np.full(n, second),
        pa.array([r[2] for r in rows], pa.string()),
        np.array([r[3] for r in rows], np.int64),
        pa.array([r[4] for r in rows], pa.string()),
    )


def test_within_thirty_seconds_of_the_first_is_one() -> None:
    got = heard([(0, 7, "a", 0, "SIM2"), (20, 7, "a", 1, "SIM1"), (30, 7, "a", 2, "SIM1"), (30.5, 7, "a", 3, None)])
    assert got.row.tolist() == [0, 3]
    assert got.receptions.tolist() == [3, 1]
    assert got.stations.to_pylist() == ["SIM1,SIM2", None]


def test_other_payloads_in_between_do_not_part_it() -> None:
    got = heard([(0, 7, "a", 0, None), (1, 8, "a", 1, None), (2, 7, "a", 2, None)])
    assert got.row.tolist() == [0, 1]


def test_the_earliest_by_time_source_and_offset_stands_for_it() -> None:
    got = heard([(5, 7, "b", 0, None), (5, 7, "a", 9, None), (5, 7, "a", 3, None), (6, 7, "a", 0, None)])
    assert got.row.tolist() == [2]


def test_the_second_of_the_minute_parts_two_sendings() -> None:
    rows = [(25.0, 7, "a", 0, None), (35.0, 7, "a", 1, None)]
    assert len(heard(rows, second=30).row) == 1
    assert len(heard(rows, second=0).row) == 2  # nearest to 0 s and to 60 s


def test_many_rows_of_one_moment_stay_fast_and_right() -> None:
    got = heard([(0, k % 50, "a", k, f"SIM{k % 3}") for k in range(5000)])
    assert got.receptions.tolist() == [100] * 50
    assert set(got.stations.to_pylist()) == {"SIM0,SIM1,SIM2"}


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 3), st.sampled_from("ab"), st.integers(0, 3), st.none())))
def test_agrees_with_the_definition(rows: list[tuple[float, int, str, int, str | None]]) -> None:
    expected = []
    open_: dict[int, list[float]] = {}
    for at, payload, source, offset, _ in sorted(rows, key=lambda r: (r[0], r[1], r[2], r[3])):
        if payload in open_ and at - open_[payload][0] <= 30:
            open_[payload][1] += 1
        else:
            open_[payload] = [at, 1]
            expected.append((at, payload, source, offset, open_[payload]))
    got = heard(rows)
    assert [rows[i][:4] for i in got.row] == [e[:4] for e in expected]
    assert got.receptions.tolist() == [e[4][1] for e in expected]


def test_ranks_follow_the_sorted_names() -> None:
    rank, names = ranks(pa.array(["SIMb", None, "SIMa", "SIMb"]))
    assert rank.tolist() == [1, -1, 0, 1]
    assert names.to_pylist() == ["SIMa", "SIMb"]
