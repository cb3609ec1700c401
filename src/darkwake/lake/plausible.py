"""Times that no receiver can have given: kept as they came and flagged, so that they take no part in tracks.

One bad cell of a table (1970, 2999) would else make a silence of decades. A time is implausible before 1990, when no
ship sent AIS, and from the third day after that of the import on, which no wrong time zone explains.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from darkwake import times
from darkwake.ais.schema import IMPLAUSIBLE, TIMESTAMP

EARLIEST_US = times.parse("1990-01-01")


def latest_us(imported_at: int) -> int:
    """The first moment that is too late for an import of that moment."""
    return (imported_at // times.DAY_US + 3) * times.DAY_US


def flag(messages: pa.RecordBatch | pa.Table, imported_at: int) -> tuple[pa.Table, int]:
    """The messages, those with an implausible time marked in `time_basis`, and how many these are."""
    rows = messages if isinstance(messages, pa.Table) else pa.Table.from_batches([messages])
    early, late = (pa.scalar(bound, TIMESTAMP) for bound in (EARLIEST_US, latest_us(imported_at)))
    odd = pc.fill_null(pc.or_(pc.less(rows["time"], early), pc.greater_equal(rows["time"], late)), False)
    number = int(pc.sum(odd).as_py() or 0)
    if number:
        index = rows.schema.get_field_index("time_basis")
        rows = rows.set_column(index, rows.schema.field(index), pc.if_else(odd, IMPLAUSIBLE, rows["time_basis"]))
    return rows, number
