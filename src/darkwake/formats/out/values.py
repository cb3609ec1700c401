"""Arrow batches as the values that text formats write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from darkwake.errors import UsageError
from darkwake.rows import jsonable

MARK = "SIMULATED"


def check_position(schema: pa.Schema) -> None:
    """Raise unless the rows have a position."""
    if not {"lon", "lat"} <= set(schema.names):
        raise UsageError(f"found the columns {', '.join(schema.names)}", expected="lon and lat among them")


def rows(batch: pa.RecordBatch) -> Iterator[dict[str, Any]]:
    """Rows as JSON values without nulls: times in ISO 8601 with Z, spans as offset+length, bits in hex."""
    columns = {f.name: _values(batch.column(number), f.type) for number, f in enumerate(batch.schema)}
    names = list(columns)
    for row in zip(*columns.values(), strict=True):
        yield {name: value for name, value in zip(names, row, strict=True) if value is not None}


def _values(array: pa.Array, kind: pa.DataType) -> list[Any]:
    if pa.types.is_float32(kind):  # the shortest text that means this value, as a number
        return [
            None if t is None or t in {"nan", "inf", "-inf"} else float(t) for t in array.cast(pa.string()).to_pylist()
        ]
    if is_spans(kind):
        return spans_text(array).to_pylist()
    return [jsonable(value) for value in array.to_pylist()]


def is_spans(kind: pa.DataType) -> bool:
    return bool(
        pa.types.is_list(kind) and pa.types.is_struct(kind.value_type) and kind.value_type.names == ["offset", "length"]
    )


def spans_text(array: pa.Array) -> pa.Array:
    """Spans as in a reference: offset+length, several with commas between."""
    flat = array.flatten()
    parts = pc.binary_join_element_wise(
        flat.field("offset").cast(pa.string()), flat.field("length").cast(pa.string()), "+"
    )
    lengths = pc.fill_null(pc.list_value_length(array), 0)
    offsets = pa.concat_arrays([pa.array([0], pa.int32()), pc.cumulative_sum(lengths).cast(pa.int32())])
    return pc.binary_join(pa.ListArray.from_arrays(offsets, parts), ",")
