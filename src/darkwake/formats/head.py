"""The first bytes of a text table: its encoding, delimiter, columns and some rows. For sniffing and for reading."""

from __future__ import annotations

import codecs
import csv
from dataclasses import dataclass

DELIMITERS = ",;\t|"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


@dataclass(frozen=True, slots=True)
class Head:
    """The header of a delimited text. `body` is where the rows begin, in bytes of the UTF-8 text."""

    columns: tuple[str, ...]
    delimiter: str
    newline: int
    body: int
    rows: tuple[tuple[str, ...], ...]


def encoding_of(first: bytes) -> tuple[str, int]:
    """Encoding and length of its mark. UTF-16 without a mark shows in the zero bytes of ASCII letters."""
    for mark, name in _BOMS:
        if first.startswith(mark):
            return name, len(mark)
    sample = first[:256]
    if len(sample) >= 8:
        if not any(sample[0::2][:4]) and all(sample[1::2][:4]):
            return "utf-16-be", 0
        if not any(sample[1::2][:4]) and all(sample[0::2][:4]):
            return "utf-16-le", 0
    return "utf-8", 0


def to_utf8(head: bytes) -> bytes:
    """The head of a source as UTF-8 without a mark, for sniffers."""
    encoding, mark = encoding_of(head)
    if encoding == "utf-8":
        return head[mark:]
    return head[mark:].decode(encoding, "replace").encode("utf-8")


def read_head(text: bytes) -> Head:
    """Read the header line of UTF-8 text. A first line `sep=;` (spreadsheets write it) names the delimiter."""
    newline = 10 if b"\n" in text or b"\r" not in text else 13
    mark = bytes([newline])
    at, line, named = 0, b"", ""
    while at < len(text):
        cut = text.find(mark, at)
        cut = len(text) if cut < 0 else cut
        line = text[at:cut].strip(b"\r")
        at = min(cut + 1, len(text))
        if line.lower().startswith(b"sep=") and len(line) == 5:
            named = line[4:].decode("latin-1")
        elif line.strip():
            break
    first = line[: 1 << 16].decode("utf-8", "replace")
    delimiter = named or max(DELIMITERS, key=lambda d: len(_fields(first, d)))
    columns = tuple(name.strip() for name in _fields(first, delimiter))
    following = text[at : at + (32 << 10)].split(mark)[:20]
    rows = tuple(tuple(_fields(row.decode("utf-8", "replace").rstrip("\r"), delimiter)) for row in following)
    return Head(columns, delimiter, newline, at, tuple(row for row in rows if row))


def _fields(line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line.replace("\0", "")], delimiter=delimiter), [])
    except csv.Error:
        return line.split(delimiter)
