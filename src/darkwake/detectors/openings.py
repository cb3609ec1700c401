"""The reports that open and close an event, carried from a kernel's rows to the event's id and evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from darkwake.ais.schema import TIMESTAMP
from darkwake.refs import source_text
from darkwake.times import from_datetime

#: What identifies a report and where its bytes lie.
FIELDS: tuple[tuple[str, pa.DataType], ...] = (
    ("time", TIMESTAMP),
    ("payload_key", pa.int64()),
    ("source", pa.string()),
    ("span_offset", pa.int64()),
    ("span_length", pa.int32()),
)
COLUMNS = tuple(name for name, _ in FIELDS)


def fields(sides: Sequence[str]) -> list[pa.Field]:
    """Schema fields `<side>_<name>`."""
    return [pa.field(f"{side}_{name}", kind) for side in sides for name, kind in FIELDS]


def columns(table: pa.Table, side_rows: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Columns `<side>_<name>` of the reports at these rows; all null where the row is negative."""
    taken = {}
    for side, rows in side_rows.items():
        index = pa.array(rows, mask=rows < 0)
        for name, kind in FIELDS:
            taken[f"{side}_{name}"] = table[name].take(index).cast(kind)
    return taken


def time_of(row: Mapping[str, Any], side: str) -> int | None:
    moment = row[f"{side}_time"]
    return None if moment is None else from_datetime(moment)


def opening(row: Mapping[str, Any], side: str) -> tuple[int, int]:
    """(payload key, time) for the event's id."""
    return row[f"{side}_payload_key"], from_datetime(row[f"{side}_time"])


def evidence(row: Mapping[str, Any], sides: Sequence[str]) -> tuple[str, ...]:
    """References to the bytes of these reports, each once; reports without bytes have none."""
    references = [
        source_text(row[f"{side}_source"], row[f"{side}_span_offset"], row[f"{side}_span_length"])
        for side in sides
        if row[f"{side}_time"] is not None and row[f"{side}_span_offset"] >= 0
    ]
    return tuple(dict.fromkeys(references))
