"""KML 2.2 for Google Earth and its kin; written only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, BinaryIO

from darkwake.formats.base import Format, WriteOptions

if TYPE_CHECKING:
    import pyarrow as pa


def write(batches: Iterable[pa.RecordBatch], out: BinaryIO, *, options: WriteOptions) -> int:
    from darkwake.formats.out.kml import write_kml

    return write_kml(batches, out, options=options)


FORMAT = Format(name="kml", title="KML 2.2", status="beta", extensions=(".kml",), write=write)
