"""Positions in a row of one vessel as lines."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from darkwake.formats.out.values import check_position, rows
from darkwake.geo.antimeridian import split_line

#: A longer line goes on in a second one from the same point, so that memory stays bounded.
MAX_POINTS = 50_000


@dataclass(slots=True)
class Line:
    """A run of positions of one MMSI (and segment), split where it crosses 180°."""

    key: tuple[Any, ...]
    properties: dict[str, Any]
    lons: list[float] = field(default_factory=list)
    lats: list[float] = field(default_factory=list)
    times: list[str | None] = field(default_factory=list)

    @property
    def pieces(self) -> list[tuple[list[float], list[float]]]:
        parts = split_line(self.lons, self.lats)
        return [(lons.tolist(), lats.tolist()) for lons, lats in parts if lons.size > 1]

    @property
    def summary(self) -> dict[str, Any]:
        """What a line says of itself."""
        stated = [time for time in self.times if time]
        ends = {"start": stated[0], "end": stated[-1]} if stated else {}
        return {**self.properties, **ends, "positions": len(self.lons)}


def lines(batches: Iterable[pa.RecordBatch]) -> Iterator[Line]:
    """Lines of rows that come sorted by mmsi (segment) and time. A vessel with one position has no line."""
    current: Line | None = None
    for batch in batches:
        check_position(batch.schema)
        for row in rows(batch):
            if "lon" not in row or "lat" not in row:
                continue
            properties: dict[str, Any] = {name: row[name] for name in ("mmsi", "segment") if name in row}
            key = tuple(properties.values())
            if current is None or current.key != key or len(current.lons) >= MAX_POINTS:
                if current is not None and len(current.lons) > 1:
                    yield current
                going_on = current is not None and current.key == key
                before = current
                current = Line(key, properties)
                if going_on and before is not None:
                    current.lons, current.lats, current.times = before.lons[-1:], before.lats[-1:], before.times[-1:]
            current.lons.append(row["lon"])
            current.lats.append(row["lat"])
            current.times.append(row.get("time"))
    if current is not None and len(current.lons) > 1:
        yield current
