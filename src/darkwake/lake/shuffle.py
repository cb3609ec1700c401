"""Rows dealt out by a small integer key, in memory while they are few and in files when they are many."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa

#: What may wait in memory before it goes to disk.
DEFAULT_BUDGET_BYTES = 512 * 1024 * 1024


class Room:
    """Memory shared by several shuffles, and a temporary folder for what does not fit. For use from several threads."""

    def __init__(self, memory_bytes: int = DEFAULT_BUDGET_BYTES, folder: Path | None = None) -> None:
        self._free = memory_bytes
        self._parent = folder
        self._folder: Path | None = None
        self._files = 0
        self._lock = threading.Lock()
        self.spilled_bytes = 0

    def take(self, size: int) -> bool:
        """Reserve memory; False if it is not there."""
        with self._lock:
            if size > self._free:
                return False
            self._free -= size
            return True

    def give_back(self, size: int) -> None:
        with self._lock:
            self._free += size

    def new_file(self) -> Path:
        with self._lock:
            if self._folder is None:
                self._folder = Path(tempfile.mkdtemp(prefix="darkwake-", dir=self._parent))
            self._files += 1
            return self._folder / f"{self._files}.arrow"

    def note_spill(self, size: int) -> None:
        with self._lock:
            self.spilled_bytes += size

    def close(self) -> None:
        """Remove the files."""
        with self._lock:
            if self._folder is not None:
                shutil.rmtree(self._folder)
                self._folder = None


@dataclass(frozen=True)
class _Kept:
    rows: pa.Table
    offsets: np.ndarray

    def read(self, pile: int) -> pa.Table:
        return self.rows.slice(self.offsets[pile], self.offsets[pile + 1] - self.offsets[pile])


@dataclass(frozen=True)
class _Spilled:
    path: Path
    batches: Sequence[Sequence[int]]  # numbers of the record batches of each pile

    def read(self, pile: int) -> pa.Table:
        with pa.memory_map(str(self.path)) as source:
            reader = pa.ipc.open_file(source)
            return pa.Table.from_batches([reader.get_batch(n) for n in self.batches[pile]], schema=reader.schema)


class Shuffle:
    """Deal rows into `piles`; read piles back as one table, rows in the order they came.

    `add` may be called by several threads at once, and so may `read`, once all is added. Several shuffles may share a
    `room`, whose owner closes it; without one, a shuffle has its own.
    """

    def __init__(self, schema: pa.Schema, piles: int, room: Room | None = None) -> None:
        self.schema = schema
        self.piles = piles
        self._room = room or Room()
        self._own_room = room is None
        self._pieces: list[_Kept | _Spilled] = []
        self._sizes = np.zeros(piles)
        self._reserved = 0
        self._lock = threading.Lock()

    def __enter__(self) -> Shuffle:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the rows."""
        self._room.give_back(self._reserved)
        self._reserved = 0
        for piece in self._pieces:
            if isinstance(piece, _Spilled):
                piece.path.unlink(missing_ok=True)
        self._pieces.clear()
        if self._own_room:
            self._room.close()

    def add(self, rows: pa.Table, key: np.ndarray) -> None:
        """Deal `rows` by `key` (integers 0 … piles - 1, one per row)."""
        if rows.num_rows == 0:
            return
        dealt, offsets = deal(rows, key, self.piles)
        size = dealt.nbytes
        piece: _Kept | _Spilled
        if self._room.take(size):
            piece = _Kept(dealt, offsets)
        else:
            piece = _spill(dealt, offsets, self._room.new_file())
            self._room.note_spill(piece.path.stat().st_size)
        with self._lock:
            self._sizes += np.diff(offsets) * (size / dealt.num_rows)
            self._reserved += size if isinstance(piece, _Kept) else 0
            self._pieces.append(piece)

    def groups(self, target_bytes: int) -> list[list[int]]:
        """The piles that have rows, in groups of about `target_bytes` (or of one pile)."""
        groups: list[list[int]] = []
        filled = 0.0
        for pile in np.flatnonzero(self._sizes).tolist():
            if groups and filled + self._sizes[pile] <= target_bytes:
                groups[-1].append(pile)
                filled += self._sizes[pile]
            else:
                groups.append([pile])
                filled = self._sizes[pile]
        return groups

    def read(self, piles: Iterable[int]) -> pa.Table:
        """All rows of these piles, one pile after the other."""
        tables = [piece.read(pile) for pile in piles for piece in self._pieces]
        return pa.concat_tables([self.schema.empty_table(), *tables])

    def take(self, pile: int) -> pa.Table:
        """All rows of one pile."""
        return self.read([pile])


def deal(rows: pa.Table, key: np.ndarray, piles: int) -> tuple[pa.Table, np.ndarray]:
    """`rows` with those of each pile together, and where each pile begins (`piles` + 1 offsets)."""
    order = np.argsort(key.astype(np.uint16), kind="stable")  # 16 bits: NumPy sorts these by radix
    offsets = np.zeros(piles + 1, np.int64)
    np.cumsum(np.bincount(key, minlength=piles), out=offsets[1:])
    return rows.take(pa.array(order)), offsets


def _spill(dealt: pa.Table, offsets: np.ndarray, path: Path) -> _Spilled:
    numbers: list[list[int]] = [[] for _ in range(len(offsets) - 1)]
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    written = 0
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, dealt.schema, options=options) as writer:
        for pile, own in enumerate(numbers):
            for batch in dealt.slice(offsets[pile], offsets[pile + 1] - offsets[pile]).to_batches():
                if batch.num_rows:
                    writer.write_batch(batch)
                    own.append(written)
                    written += 1
    return _Spilled(path, numbers)
