"""The hash of rows hangs on what they say, and on nothing else."""

from __future__ import annotations

import io
import itertools
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from darkwake.lake import contents
from darkwake.lake.contents import RowsHash, digest_of
from darkwake.lake.tables import stored_schema

TABLE = "statics"
SCHEMA = stored_schema(TABLE)


def rows(count: int, **changed: Any) -> pa.Table:
    """Made-up statics; `changed`: row number → the value of a column there, by name."""
    made = [
        {
            "mmsi": 299000001 + k, "segment": None if k % 3 else k, "time": 1_000_000 * k, "type": 5,
            "name": None if k % 4 == 0 else f"SIM SHIP {k}", "draught_m": k / 8, "payload_key": k * k,
            "source": "0123456789abcdef", "spans": [{"offset": k, "length": 47}] * (k % 3),
        }
        for k in range(count)
    ]  # fmt: skip
    for name, (row, value) in changed.items():
        made[row][name] = value
    return pa.Table.from_pylist(made, schema=SCHEMA)


def stored(table: pa.Table, row_group: int) -> pa.Table:
    """Through a Parquet file and back."""
    file = io.BytesIO()
    pq.write_table(table, file, row_group_size=row_group, compression="zstd")
    return pq.read_table(file)


@settings(max_examples=25, deadline=None)
@given(cuts=st.lists(st.integers(0, 40), max_size=6), block=st.integers(1, 50), group=st.integers(1, 50))
def test_how_rows_are_cut_up_and_stored_does_not_show(cuts: list[int], block: int, group: int) -> None:
    table = rows(40)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(contents, "BLOCK", block)
        whole = digest_of(TABLE, table)
        hashed = RowsHash(TABLE)
        read = stored(table, group)
        edges = [0, *sorted(cuts), 40]
        for start, end in itertools.pairwise(edges):
            hashed.update(read.slice(start, end - start))
        assert hashed.hexdigest() == whole


@pytest.mark.parametrize(
    "changed",
    [
        {"name": (5, "SIM SHIP 6")},
        {"name": (4, "")},  # null is not empty
        {"segment": (1, 0)},  # null is not zero
        {"draught_m": (0, -0.0)},
        {"time": (39, 1)},
        {"spans": (2, [{"offset": 2, "length": 47}, {"offset": 2, "length": 48}])},
        {"spans": (3, None)},
        {"spans": (1, [])},
    ],
)
def test_any_change_shows(changed: dict[str, Any]) -> None:
    assert digest_of(TABLE, rows(40, **changed)) != digest_of(TABLE, rows(40))


def test_order_and_number_of_rows_show() -> None:
    table = rows(10)
    assert digest_of(TABLE, table.take(list(reversed(range(10))))) != digest_of(TABLE, table)
    assert digest_of(TABLE, table.slice(0, 9)) != digest_of(TABLE, table)
    assert digest_of(TABLE, table.slice(0, 0)) != digest_of(TABLE, table)


def test_values_cannot_move_from_one_row_or_column_to_the_next() -> None:
    one = rows(2, name=(1, "AB"), callsign=(1, "C"))
    other = rows(2, name=(1, "A"), callsign=(1, "BC"))
    assert digest_of(TABLE, one) != digest_of(TABLE, other)


def test_a_dictionary_is_as_good_as_its_values() -> None:
    table = rows(10)
    at = table.schema.get_field_index("source")
    hashed = RowsHash(TABLE)
    hashed.update(table.set_column(at, "source", table["source"].dictionary_encode()))
    assert hashed.hexdigest() == digest_of(TABLE, table)
