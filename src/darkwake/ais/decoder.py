"""The decoder as others use it: a stream of batches, or a whole file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import pyarrow as pa

from darkwake.ais import batch as batches
from darkwake.ais.clocks import new_clocks, set_clocks
from darkwake.ais.fields import read_fields
from darkwake.ais.framing import flush, is_full, scan
from darkwake.ais.layout import COUNT, COUNTS, MAX_LINE, N_REJECTS, ROWS, SLACK, Out
from darkwake.ais.multipart import new_state
from darkwake.ais.schema import DECODED
from darkwake.errors import DarkwakeError
from darkwake.streams import SourceFile, digest, sources_of

BLOCK_BYTES = 16 << 20


@dataclass(frozen=True)
class Batch:
    """Some messages of a source, in reading order.

    `messages` has the schema DECODED; `rejects` has offset, length, reason. `sentences` counts AIS sentences seen,
    whether or not they gave a message; `counts` holds this and other counters (see docs/reference/decoding.md).
    """

    messages: pa.RecordBatch
    rejects: pa.Table
    sentences: int
    counts: dict[str, int] = field(default_factory=dict)


class Decoder:
    """Decodes one source, fed in blocks of any size; what is unfinished is carried over."""

    def __init__(self, sha16: str, block_bytes: int = BLOCK_BYTES) -> None:
        self._sha16 = sha16
        self._block = max(block_bytes, 64)
        self._state, self._clocks = new_state(), new_clocks()
        self._buffer = np.zeros(self._block + MAX_LINE + 2 * SLACK, np.uint8)
        self._held, self._base = 0, 0

    def room(self) -> memoryview:
        """Where the next block of bytes may be written."""
        return memoryview(self._buffer.data)[self._held : self._held + self._block]

    def take(self, size: int, final: bool = False) -> Iterator[Batch]:
        """Decode, after `size` bytes were written to `room()`. With `final`, nothing follows."""
        end = self._held + size
        memory = self._buffer.ctypes.data
        self._buffer[end : end + SLACK] = 0
        at, finished = 0, False
        while not finished:
            out = batches.allocate(end - at)
            stop = scan(memory + at, memory + end, final, self._base - memory, self._state.ctypes.data, out.address)
            at = int(stop) - memory
            finished = at >= end or not is_full(out.address)
            if final and finished:
                flush(self._state.ctypes.data, out.address)
            if out[ROWS] or out[N_REJECTS] or out.table[COUNT : COUNT + len(COUNTS)].any():
                yield self._batch(out)
        self._held = end - at
        self._buffer[: self._held] = self._buffer[at:end].copy()
        self._base += at

    def _batch(self, out: Out) -> Batch:
        read_fields(out.address)
        set_clocks(out.address, self._clocks.ctypes.data)
        counts = dict(zip(COUNTS, out.table[COUNT : COUNT + len(COUNTS)].tolist(), strict=True))
        return Batch(batches.messages(out, self._sha16), batches.rejects(out), counts["sentences"], counts)


def stream(reader: BinaryIO, *, sha16: str, block_bytes: int = BLOCK_BYTES) -> Iterator[Batch]:
    """Decode a byte stream in bounded memory; batches come in reading order.

    An error of the reader (a cut-off gzip, say) is raised after all that was read before it has been yielded.
    """
    decoder = Decoder(sha16, block_bytes)
    read: Any = getattr(reader, "readinto1", None) or reader.readinto  # type: ignore[attr-defined]
    failure: DarkwakeError | OSError | None = None
    final = False
    while not final:
        room = decoder.room()
        filled = 0
        while filled < len(room) and not final:
            try:
                got = read(room[filled:])
            except (DarkwakeError, OSError) as error:
                failure, got = error, 0
            final = not got
            filled += got or 0
        del room
        yield from decoder.take(filled, final)
    if failure is not None:
        raise failure


def decode(path: str | Path, threads: int = 1) -> pa.Table:
    """Decode all sources of a file (itself, or the members of a zip) into one table with the schema DECODED.

    `threads` > 1 decodes that many members at a time; the result does not depend on it.
    """
    sources = list(sources_of(path))
    if threads > 1 and len(sources) > 1:
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(threads) as pool:
            parts = list(pool.map(_decode_source, sources))
    else:
        parts = [_decode_source(source) for source in sources]
    return pa.concat_tables([DECODED.empty_table(), *parts])


def _decode_source(source: SourceFile) -> pa.Table:
    sha16 = digest(source).sha16
    with source.open() as reader:
        return pa.Table.from_batches([b.messages for b in stream(reader, sha16=sha16)], schema=DECODED)
