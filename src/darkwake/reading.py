"""`darkwake.read`: any file of AIS data as one table, without a workspace."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from darkwake.rows import Rows, as_table


def read(path: str | Path, format: str | None = None) -> Rows:
    """Every message of a file, in the columns of `darkwake.ais.schema`. The format is sniffed unless it is named.

    The whole file is held in memory: for large ones import into a workspace, or use `darkwake.formats.read`, which
    yields batches and the rejects.
    """
    from darkwake import formats
    from darkwake.ais.schema import DECODED

    tables = [as_table(batch.messages) for batch in formats.read(path, format=format)]
    return Rows(pa.concat_tables([DECODED.empty_table(), *tables]), Path(path).name)
