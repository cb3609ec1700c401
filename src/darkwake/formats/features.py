"""Cut the features out of GeoJSON without holding the document: a kernel follows strings and brackets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from darkwake.formats.delimited import Utf8
from darkwake.formats.head import encoding_of
from darkwake.formats.records import BLOCK, Piece, Values, flat, lines, parse_object
from darkwake.formats.replay import Replay
from darkwake.formats.scan import MAX_ROW
from darkwake.jit import kernel

TOO_LONG = "feature_too_long"
CUT_OFF = "feature_cut_off"
_PIECE = 6
_NONE, _DROPPED = -1, -2
_NAME = np.frombuffer(b'"features"', np.uint8)


@kernel
def _objects_of_features(
    buffer: NDArray[np.uint8],
    begin: int,
    n: int,
    name: NDArray[np.uint8],
    state: NDArray[np.int64],
    starts: NDArray[np.int32],
    ends: NDArray[np.int32],
) -> int:
    """Ranges of the objects in the array `features` of the object at the top; returns how many closed.

    state, carried from block to block: depth, in a string, after a backslash, bytes of `name` matched or −1,
    the last string was `name`, in the array, begin of the open object (−1 none; −2 too long to keep).
    """
    depth, string, escape, matched, found, inside, piece = state
    count = 0
    for i in range(begin, n):
        c = buffer[i]
        if string == 1:
            matched = matched + 1 if 0 <= matched < name.size and name[matched] == c else -1
            if escape == 1:
                escape = 0
            elif c == 92:
                escape = 1
            elif c == 34:
                string = 0
                found = 1 if matched == name.size and depth == 1 else 0
        elif c == 34:
            string, matched, found = 1, 1, 0
        elif c in (123, 91):
            if c == 91 and depth == 1 and found == 1:
                inside = 1
            elif c == 123 and inside == 1 and depth == 2:
                piece = i
            depth += 1
            found = 0
        elif c in (125, 93):
            depth = max(depth - 1, 0)
            if piece != -1 and depth == 2:
                starts[count], ends[count] = piece, i + 1
                count += 1
                piece = -1
            if depth < 2:
                inside = 0
    state[0], state[1], state[2], state[3] = depth, string, escape, matched
    state[4], state[5], state[6] = found, inside, piece
    return count


def features(reader: BinaryIO) -> Iterator[list[Piece]]:
    """The features of a collection, or those that stand one to a line (RFC 8142's mark before them is allowed)."""
    replay = Replay(reader, 64 << 10)
    encoding, _ = encoding_of(replay.head)
    if "FeatureCollection" in replay.head.decode(encoding, "replace"):
        return _of_collection(replay.stream())
    return lines(replay.stream())


def _of_collection(reader: BinaryIO) -> Iterator[list[Piece]]:
    text = Utf8(reader)
    state = np.array([0, 0, 0, -1, 0, 0, _NONE], np.int64)
    rest = b""
    dropped = 0  # where the object that is too long to keep began
    while True:
        more = text.read(BLOCK)
        if not more:
            break
        data = rest + more
        buffer = np.frombuffer(data, np.uint8)
        starts, ends = np.empty((2, more.count(b"}") + more.count(b"]") + 1), np.int32)
        number = _objects_of_features(buffer, len(rest), buffer.size, _NAME, state, starts, ends)
        place = text.places(buffer)
        kept = np.maximum(starts[:number], 0)
        pieces = []
        for a, b, first, last in zip(
            starts[:number].tolist(),
            ends[:number].tolist(),
            place(kept).tolist(),
            place(ends[:number]).tolist(),
            strict=True,
        ):
            if a == _DROPPED:
                pieces.append(Piece(dropped, last - dropped, b"", TOO_LONG))
            else:
                pieces.append(Piece(first, last - first, data[a:b]))
        begin = int(state[_PIECE])
        if begin >= 0 and buffer.size - begin > MAX_ROW:
            dropped = int(place(np.array([begin], np.int32))[0])
            state[_PIECE] = begin = _DROPPED
        consumed = begin if begin >= 0 else buffer.size
        text.advance(buffer[:consumed])
        rest = data[consumed:]
        state[_PIECE] = 0 if begin >= 0 else begin
        yield pieces
    if state[_PIECE] != _NONE:
        left = np.frombuffer(rest, np.uint8)
        first, last = text.places(left)(np.array([0, left.size], np.int32)).tolist()
        begin = dropped if state[_PIECE] == _DROPPED else first
        yield [Piece(begin, last - begin, b"", CUT_OFF)]


def parse_feature(data: bytes) -> Values | str:
    """A point feature as columns: its properties, and lon and lat from its geometry."""
    found = parse_object(data.lstrip(b"\x1e"))
    if isinstance(found, str):
        return found
    geometry = found.get("geometry")
    properties = found.get("properties")
    values = flat(properties) if isinstance(properties, dict) else {}
    if geometry is None:  # RFC 7946: an unlocated feature
        return {**values, "lon": None, "lat": None}
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return "not_a_point"
    at = geometry.get("coordinates")
    if not isinstance(at, list) or len(at) < 2 or not all(isinstance(c, int | float) for c in at[:2]):
        return "bad_coordinates"
    return {**values, **flat({"lon": at[0], "lat": at[1]})}
