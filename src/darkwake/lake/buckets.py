"""Files of the lake that an engine reads at once, wherever it runs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from darkwake.lake import tables
from darkwake.lake.schema import TABLES
from darkwake.lake.tables import DataFile

_KEYS = ("mmsi", "segment", "time")


@dataclass(frozen=True)
class BucketFiles:
    """The files of one bucket of a table."""

    root: Path
    table: str
    files: tuple[DataFile, ...]

    def read(self, columns: Sequence[str]) -> pa.Table:
        """All rows, sorted by those of (mmsi, segment, time) that the table has. VerificationError names a bad file."""
        schema = TABLES[self.table][0]
        keys = [key for key in _KEYS if key in schema.names]
        wanted = list(dict.fromkeys((*columns, *keys)))
        own = pa.schema([schema.field(name) for name in wanted])
        with tables.reading(self.root, self.table, self.files):
            paths = [tables.local_path(self.root, self.table, file) for file in self.files]
            parts = [pq.read_table(path, columns=wanted).select(wanted).cast(own) for path in paths]
        return _sorted(pa.concat_tables([own.empty_table(), *parts]), len(parts)).select(list(columns))


def _sorted(table: pa.Table, runs: int) -> pa.Table:
    """Each file is sorted; of several the rows are put in order."""
    if runs < 2 or not set(_KEYS) <= set(table.column_names):
        return table
    segment = table["segment"].fill_null(-1).to_numpy()
    time = table["time"].cast(pa.int64()).to_numpy()
    return table.take(np.lexsort((time, segment, table["mmsi"].to_numpy())))
