"""One order of rows, whatever order they came in."""

from __future__ import annotations

import math

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkwake.engine.order import in_order

SCHEMA = pa.schema(
    [
        ("mmsi", pa.int32()),
        ("time", pa.timestamp("us", tz="UTC")),
        ("speed", pa.float32()),
        ("name", pa.string()),
        ("flag", pa.bool_()),
        ("spans", pa.list_(pa.struct([("offset", pa.int64())]))),
        ("nothing", pa.null()),
    ]
)
ROW = st.fixed_dictionaries(
    {
        "mmsi": st.none() | st.integers(1, 3),
        "time": st.none() | st.integers(0, 3),
        "speed": st.none() | st.sampled_from([0.0, 1.5, math.nan]),
        "name": st.none() | st.sampled_from(["", "SIM A"]),
        "flag": st.none() | st.booleans(),
        "spans": st.none() | st.lists(st.fixed_dictionaries({"offset": st.integers(0, 2)}), max_size=2),
        "nothing": st.none(),
    }
)


@settings(deadline=None)
@given(st.lists(ROW, max_size=30), st.randoms(), st.sampled_from([(), ("mmsi",), ("time", "mmsi")]))
def test_any_permutation_comes_out_the_same(
    rows: list[dict[str, object]], random: object, keys: tuple[str, ...]
) -> None:
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    first, second = (in_order(pa.Table.from_pylist(r, schema=SCHEMA), keys) for r in (rows, shuffled))
    assert repr(first.to_pylist()) == repr(second.to_pylist())
    assert sorted(map(repr, first.to_pylist())) == sorted(
        map(repr, pa.Table.from_pylist(rows, schema=SCHEMA).to_pylist())
    )


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 9)), max_size=40), st.integers(1, 5))
def test_keys_come_first_and_ties_are_settled(rows: list[tuple[int, int, int]], chunks: int) -> None:
    for given_rows in (rows, sorted(rows, key=lambda row: row[:2])):
        table = pa.concat_tables(
            [pa.table({"c": [0], "b": [0], "a": [0]}).slice(0, 0)]
            + [pa.table({"c": [c], "b": [b], "a": [a]}) for a, b, c in given_rows]
        )
        result = in_order(table, ("a", "b"))
        assert list(zip(*(result[name].to_pylist() for name in "abc"), strict=True)) == sorted(rows)


def test_a_sorted_table_is_not_copied() -> None:
    table = pa.table({"mmsi": [1, 1, 2], "x": [9, 8, 7], "time": [1, 2, 1]})
    assert in_order(table, ("mmsi", "time")) is table


@pytest.mark.parametrize("rows", [0, 1])
def test_tables_of_no_and_of_one_row(rows: int) -> None:
    table = pa.table({"mmsi": [1], "spans": [[1]]}).slice(0, rows)
    assert in_order(table, ("mmsi",)).equals(table)
