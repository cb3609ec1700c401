"""`Rows`: what reading commands return. A thin wrapper of an Arrow table with the conversions users expect."""

from __future__ import annotations

import datetime as dt
import html
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from darkwake import times
from darkwake.errors import SourceUnavailableError

if TYPE_CHECKING:
    import geopandas
    import pandas
    import polars


def jsonable(value: Any) -> Any:
    """A Python value as JSON: times in ISO 8601 with Z, bytes in hex, NaN as null."""
    if isinstance(value, dt.datetime):
        return times.iso(times.from_datetime(value if value.tzinfo else value.replace(tzinfo=dt.UTC)))
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, float):
        return None if math.isnan(value) or math.isinf(value) else value
    if isinstance(value, dict):
        return {key: jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(item) for item in value]
    return value


def as_table(rows: pa.Table | pa.RecordBatch) -> pa.Table:
    """A batch as a table."""
    return rows if isinstance(rows, pa.Table) else pa.Table.from_batches([rows])


class Rows:
    """An immutable result table. `len`, iteration over dicts, Arrow, pandas, polars, GeoDataFrame."""

    def __init__(self, table: pa.Table, title: str = "") -> None:
        self._table = table
        self.title = title

    def __len__(self) -> int:
        return int(self._table.num_rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for batch in _shortest(self._table).to_batches(max_chunksize=10_000):
            for row in batch.to_pylist():
                yield jsonable(row)

    def __repr__(self) -> str:
        return f"<Rows {self.title or 'table'}: {len(self)} × {self._table.num_columns}>"

    @property
    def columns(self) -> list[str]:
        return list(self._table.column_names)

    def to_arrow(self) -> pa.Table:
        return self._table

    def to_pandas(self) -> pandas.DataFrame:
        _need("pandas")
        return self._table.to_pandas()

    def to_polars(self) -> polars.DataFrame:
        return _need("polars").from_arrow(self._table)

    def to_geodataframe(self) -> geopandas.GeoDataFrame:
        """Points in EPSG:4326 from `lon`, `lat`; rows without a position have an empty geometry."""
        geo = _need("geopandas")
        frame = self.to_pandas()
        points = geo.GeoSeries(geo.points_from_xy(frame["lon"], frame["lat"]), index=frame.index, crs="EPSG:4326")
        return geo.GeoDataFrame(frame, geometry=points.where(frame["lon"].notna() & frame["lat"].notna()))

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{html.escape(str(v if v is not None else ''))}</td>" for v in row.values()) + "</tr>"
            for row in Rows(self._table.slice(0, 20))
        )
        more = f"<p>… {len(self) - 20} more rows</p>" if len(self) > 20 else ""
        return f"<table><caption>{html.escape(repr(self))}</caption><tr>{head}</tr>{body}</table>{more}"


def _shortest(table: pa.Table) -> pa.Table:
    """32-bit floats as the shortest decimals that mean them: 12.3 knots, not 12.300000190734863."""
    for index, field in enumerate(table.schema):
        if field.type == pa.float32():
            column = table.column(index).cast(pa.string()).cast(pa.float64())
            table = table.set_column(index, pa.field(field.name, pa.float64()), column)
    return table


def _need(package: str) -> Any:
    import importlib

    try:
        return importlib.import_module(package)
    except ImportError as error:
        raise SourceUnavailableError(
            f"the package {package} is not installed", do='Install it with: pip install "darkwake[frames]"'
        ) from error
