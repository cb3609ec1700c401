"""Tables whose records are objects (JSON lines, GeoJSON): cut from a stream with their places, parsed one by one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO, NamedTuple

import numpy as np

from darkwake.errors import InputRejectedError
from darkwake.formats.base import ReadBatch
from darkwake.formats.delimited import TOO_LONG, Utf8, skip_line
from darkwake.formats.head import Head
from darkwake.formats.mapping import Mapping
from darkwake.formats.rows import Converter, block_of_texts
from darkwake.formats.scan import MAX_ROW
from darkwake.strict_json import DuplicateKeyError, unique

BLOCK = 1 << 20
_DEPTH = 4  # of nested objects whose members become columns such as position.lat

_DECODER = json.JSONDecoder(object_pairs_hook=unique)  # made once: making it costs a third of reading a record

Values = dict[str, str | None]
Reject = tuple[int, int, str]


class Piece(NamedTuple):
    """The bytes of one record, UTF-8, and their place in the source. A reason instead, if it cannot be one."""

    offset: int
    length: int
    data: bytes
    reason: str = ""


def lines(reader: BinaryIO) -> Iterator[list[Piece]]:
    """The lines of a text, in lists; blank ones are left out."""
    text = Utf8(reader)
    rest = b""
    while True:
        more = text.read(BLOCK)
        data = rest + more
        if not data:
            return
        buffer = np.frombuffer(data, np.uint8)
        ends = np.flatnonzero(buffer == 10).astype(np.int32)
        if not more and (not ends.size or ends[-1] != buffer.size - 1):
            ends = np.append(ends, np.int32(buffer.size))
        starts = np.concatenate((np.zeros(1, np.int32), ends[:-1] + 1)).astype(np.int32)[: ends.size]
        place = text.places(buffer)
        pieces = []
        first, last = place(starts).tolist(), place(ends).tolist()
        for a, b, start, end in zip(starts.tolist(), ends.tolist(), first, last, strict=True):
            line = data[a:b]
            if line.strip():
                cut = len(line) - len(line.rstrip(b"\r"))
                pieces.append(Piece(start, end - start - cut * text.width, line))
        consumed = int(ends[-1]) + 1 if ends.size else 0
        text.advance(buffer[:consumed])
        rest = data[consumed:]
        if not more:
            yield pieces
            return
        if len(rest) >= MAX_ROW:
            rest, (offset, length, _) = skip_line(text, np.frombuffer(rest, np.uint8), 10)
            pieces.append(Piece(offset, length, b"", TOO_LONG))
        yield pieces


def parse_object(data: bytes) -> dict[str, Any] | str:
    """A JSON object, or the reason why it is none."""
    try:
        value = _DECODER.decode(data.decode("utf-8"))
    except UnicodeDecodeError:
        return "not_utf8"
    except DuplicateKeyError:
        return "duplicate_key"
    except (ValueError, RecursionError):
        return "not_json"
    return value if isinstance(value, dict) else "not_an_object"


def flat(value: dict[str, Any], depth: int = _DEPTH) -> Values:
    """An object as texts by column; members of objects as outer.inner."""
    out: Values = {}
    for key, item in value.items():
        if item is None or isinstance(item, str):
            out[key] = item
        elif isinstance(item, bool):
            out[key] = "true" if item else "false"
        elif isinstance(item, int | float):
            out[key] = repr(item)  # NaN and Infinity, which Python reads though JSON has none, are words to a parser
        elif isinstance(item, dict) and depth:
            out.update({f"{key}.{inner}": text for inner, text in flat(item, depth - 1).items()})
    return out


def read_records(
    pieces: Iterator[list[Piece]],
    *,
    parse: Callable[[bytes], Values | str],
    choose: Callable[[Head], Mapping],
    sha16: str,
    where: str,
) -> Iterator[ReadBatch]:
    """Batches of records. The columns are those of the first list's records."""
    converter: Converter | None = None
    needed: tuple[str, ...] = ()
    early: list[Reject] = []
    for group in pieces:
        values, offsets, lengths, rejects = [], [], [], early
        for piece in group:
            found = piece.reason or parse(piece.data)
            if isinstance(found, str):
                rejects.append((piece.offset, piece.length, found))
            else:
                values.append(_clean(found) if b"\\u" in piece.data else found)
                offsets.append(piece.offset)
                lengths.append(piece.length)
        early = []
        if converter is None:
            if not values:
                early = rejects
                continue
            columns = tuple(dict.fromkeys(key for row in values for key in row))
            sample = tuple(tuple(row.get(name) or "" for name in columns) for row in values[:20])
            mapping = choose(Head(columns, ",", 10, 0, sample))
            mapping.fitted(columns, where)  # an optional member may come later
            converter, needed = Converter(mapping, sha16, where), mapping.needed
        block = block_of_texts({name: [row.get(name) for row in values] for name in needed}, offsets, lengths)
        yield converter.convert(block, rejects)
    if converter is None:
        raise InputRejectedError(
            f"no record could be read ({early[0][2]}; {len(early)} in all)" if early else "no records", where=where
        )


def _clean(found: Values) -> Values:
    """Lone surrogates cannot be stored; JSON can escape them."""
    return {key: None if text is None else text.encode("utf-8", "replace").decode() for key, text in found.items()}
