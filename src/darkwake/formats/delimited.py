"""Delimited text (CSV and its cousins) in blocks of bounded memory, each row with its place in the source.

UTF-8 or UTF-16 with or without BOM; comma, semicolon, tab or bar; quotes after RFC 4180, line breaks in them
included; an unclosed quote costs its own line and no more.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from darkwake.errors import InputRejectedError
from darkwake.formats import scan
from darkwake.formats.base import ReadBatch
from darkwake.formats.head import Head, encoding_of, read_head
from darkwake.formats.mapping import Mapping
from darkwake.formats.rows import Block, Column, Converter

BLOCK = 4 << 20
TOO_LONG = "line_too_long"
_BAD = {scan.WRONG_FIELD_COUNT: "wrong_field_count", scan.UNCLOSED_QUOTE: "unclosed_quote"}


class Utf8:
    """The bytes of a source as UTF-8, and where each of them was in the source."""

    def __init__(self, reader: BinaryIO) -> None:
        self._reader = reader
        first = reader.read(scan.MAX_ROW)
        self.encoding, bom = encoding_of(first)
        self._pending = first[bom:]
        self._base = bom  # source offset of the next byte handed out
        wide = self.encoding.startswith("utf-16")
        self.width = 2 if wide else 1  # bytes of an ASCII letter
        self._decoder = codecs.getincrementaldecoder(self.encoding)("replace") if wide else None

    def read(self, size: int) -> bytes:
        raw, self._pending = self._pending or self._reader.read(size), b""
        if self._decoder is None:
            return raw
        text = self._decoder.decode(raw, final=not raw)
        while raw and not text:  # half a character: read on
            raw = self._reader.read(size)
            text = self._decoder.decode(raw, final=not raw)
        return text.encode("utf-8")

    def places(self, data: NDArray[np.uint8]) -> Callable[[NDArray[np.int32]], NDArray[np.int64]]:
        """A function from indices in `data` (which begins at the current place) to source offsets."""
        if self._decoder is None:
            base = self._base
            return lambda index: index.astype(np.int64) + base
        ends = np.concatenate(([0], np.cumsum(_units(data)))) * 2 + self._base
        return lambda index: ends[index]

    def advance(self, data: NDArray[np.uint8]) -> None:
        self._base += data.size if self._decoder is None else 2 * int(_units(data).sum())


def _units(data: NDArray[np.uint8]) -> NDArray[np.int64]:
    """UTF-16 code units begun by each byte of UTF-8."""
    return np.where((data & 0xC0) == 0x80, 0, np.where(data >= 0xF0, 2, 1)).astype(np.int64)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a file's first line says of it."""

    columns: tuple[str, ...]
    delimiter: int
    newline: int


def read_delimited(
    reader: BinaryIO, *, sha16: str, choose: Callable[[Head], Mapping], where: str
) -> Iterator[ReadBatch]:
    """Batches of a delimited file. `choose` picks the mapping once the header is known, or raises."""
    text = Utf8(reader)
    data = text.read(BLOCK)
    while len(data) < scan.MAX_ROW and (more := text.read(BLOCK)):
        data += more
    if not data.strip():
        raise InputRejectedError(
            "an empty file" if not data else "a file of blank lines",
            expected="a header line with names of columns",
            where=where,
        )
    head = read_head(data[: scan.MAX_ROW])
    mapping = choose(head)
    columns = mapping.header or head.columns
    mapping = mapping.fitted(columns, where)
    delimiter = ord(mapping.delimiter or head.delimiter)
    shape = Shape(tuple(columns), delimiter, head.newline)
    converter = Converter(mapping, sha16, where)
    if shape.delimiter != ord(","):
        converter.accept_decimal_comma()
    if mapping.header is None:
        skip = np.frombuffer(data[: head.body], np.uint8)
        text.advance(skip)
        data = data[head.body :]
    yield from (converter.convert(block, rejects) for block, rejects in _blocks(text, data, shape, mapping.needed))


def _blocks(
    text: Utf8, data: bytes, shape: Shape, needed: Sequence[str]
) -> Iterator[tuple[Block, list[tuple[int, int, str]]]]:
    slot = np.full(len(shape.columns), -1, np.int64)
    for number, name in enumerate(needed):
        slot[shape.columns.index(name)] = number
    counts = np.zeros(3, np.int64)
    final = False
    while True:
        more = text.read(BLOCK)
        final = not more
        buffer = np.frombuffer(bytearray(data + more), np.uint8)
        if not buffer.size:
            return
        lines = int(np.count_nonzero(buffer == shape.newline)) + 1
        starts, ends = np.empty((2, len(needed), lines), np.int32)
        row_start, row_end = np.empty((2, lines), np.int32)
        bad = np.empty((lines, 3), np.int64)
        place = text.places(buffer)
        scan.rows_and_fields(
            buffer, buffer.size, int(final), shape.delimiter, ord('"'), shape.newline, len(shape.columns),
            slot, starts, ends, row_start, row_end, bad, counts,
        )  # fmt: skip
        rows, rejected, consumed = counts.tolist()
        rejects = []
        if rejected:
            first, last = place(bad[:rejected, 0].astype(np.int32)), place(bad[:rejected, 1].astype(np.int32))
            reasons = bad[:rejected, 2].tolist()
            rejects = [(a, b - a, _BAD[c]) for a, b, c in zip(first.tolist(), last.tolist(), reasons, strict=True)]
        if rows or rejected:
            offsets = place(row_start[:rows])
            named = {
                name: Column(buffer, starts[number, :rows], ends[number, :rows]) for number, name in enumerate(needed)
            }
            yield Block(named, offsets, place(row_end[:rows]) - offsets), rejects
        text.advance(buffer[:consumed])
        rest = buffer[consumed:]
        if final:
            return
        data = rest.tobytes()
        if rest.size >= scan.MAX_ROW and shape.newline not in data:
            data, reject = skip_line(text, rest, shape.newline)
            yield Block(dict.fromkeys(needed, _EMPTY), np.empty(0, np.int64), np.empty(0, np.int64)), [reject]


_EMPTY = Column(np.empty(0, np.uint8), np.empty(0, np.int32), np.empty(0, np.int32))


def skip_line(text: Utf8, rest: NDArray[np.uint8], newline: int) -> tuple[bytes, tuple[int, int, str]]:
    """Read past a line that is too long to keep; returns what follows it and the reject."""
    begin = int(text.places(rest)(np.zeros(1, np.int32))[0])
    text.advance(rest)
    while more := text.read(BLOCK):
        cut = more.find(newline)
        text.advance(np.frombuffer(more if cut < 0 else more[:cut], np.uint8))
        if cut >= 0:
            end = int(text.places(rest[:0])(np.zeros(1, np.int32))[0])
            return more[cut:], (begin, end - begin, TOO_LONG)
    end = int(text.places(rest[:0])(np.zeros(1, np.int32))[0])
    return b"", (begin, end - begin, TOO_LONG)
