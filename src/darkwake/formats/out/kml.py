"""KML 2.2 (OGC 07-147r2): positions as dated placemarks, or tracks as lines split at ±180°."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, BinaryIO
from xml.sax.saxutils import escape, quoteattr

import pyarrow as pa

from darkwake.formats.base import WriteOptions
from darkwake.formats.out.lines import Line, lines
from darkwake.formats.out.values import MARK, check_position, rows

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write_kml(batches: Iterable[pa.RecordBatch], out: BinaryIO, *, options: WriteOptions) -> int:
    """Write a document; returns the number of placemarks. Rows without position cannot be shown and are left out."""
    mark = MARK if options.simulated else ""
    title = f"{mark} Darkwake export".strip()
    out.write(
        b'<?xml version="1.0" encoding="UTF-8"?>\n<kml xmlns="http://www.opengis.net/kml/2.2"><Document>'
        + f"<name>{title}</name>\n".encode()
    )
    written = 0
    if options.tracks:
        for line in lines(batches):
            out.write(_track(line, mark).encode())
            written += 1
    else:
        for batch in batches:
            check_position(batch.schema)
            for row in rows(batch):
                if "lon" in row and "lat" in row:
                    out.write(_point(row, mark).encode())
                    written += 1
    out.write(b"</Document></kml>\n")
    return written


def _point(row: dict[str, Any], mark: str) -> str:
    lon, lat, time = row.pop("lon"), row.pop("lat"), row.pop("time", None)
    when = f"<TimeStamp><when>{_text(time)}</when></TimeStamp>" if time else ""
    at = f"<Point><coordinates>{lon!r},{lat!r}</coordinates></Point>"
    return f"<Placemark>{_name(row, mark)}{when}{_data(row, mark)}{at}</Placemark>\n"


def _track(line: Line, mark: str) -> str:
    drawn = "".join(
        "<LineString><tessellate>1</tessellate><coordinates>"
        + " ".join(f"{lon!r},{lat!r}" for lon, lat in zip(*piece, strict=True))
        + "</coordinates></LineString>"
        for piece in line.pieces
    )
    span = ""
    if "start" in line.summary:
        begin, end = _text(line.summary["start"]), _text(line.summary["end"])
        span = f"<TimeSpan><begin>{begin}</begin><end>{end}</end></TimeSpan>"
    data = _data(line.summary, mark)
    return f"<Placemark>{_name(line.summary, mark)}{span}{data}<MultiGeometry>{drawn}</MultiGeometry></Placemark>\n"


def _name(row: dict[str, Any], mark: str) -> str:
    shown = row.get("name") or row.get("mmsi") or row.get("id") or row.get("kind") or ""
    return f"<name>{_text(f'{mark} {shown}'.strip())}</name>"


def _data(row: dict[str, Any], mark: str) -> str:
    entries = {**row, "mark": mark} if mark else row
    items = "".join(
        f"<Data name={quoteattr(_NOT_XML.sub(chr(0xFFFD), name))}><value>{_text(value)}</value></Data>"
        for name, value in entries.items()
    )
    return f"<ExtendedData>{items}</ExtendedData>" if items else ""


def _text(value: object) -> str:
    return escape(_NOT_XML.sub("\ufffd", str(value)))
