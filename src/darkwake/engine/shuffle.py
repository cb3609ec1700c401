"""Rows between two stages: in memory while they fit, in temporary files beyond that."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from darkwake.engine.stages import divided

#: How finely a stage's output is divided. Small shares are read several at a time.
SPLITS = 256


class Room:
    """A budget of memory shared by all shuffles of a run, and a temporary folder for what does not fit."""

    def __init__(self, memory_bytes: int, folder: Path | None = None) -> None:
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
                self._folder = Path(tempfile.mkdtemp(prefix="darkwake-shuffle-", dir=self._parent))
            self._files += 1
            return self._folder / f"{self._files}.arrow"

    def note_spill(self, size: int) -> None:
        with self._lock:
            self.spilled_bytes += size

    def close(self) -> None:
        with self._lock:
            if self._folder is not None:
                shutil.rmtree(self._folder)
                self._folder = None


class Shuffle:
    """The output of one stage, divided by `part`. `add` is safe on several threads; `read` comes after the last add."""

    def __init__(self, schema: pa.Schema, room: Room) -> None:
        self._schema = schema
        self._room = room
        self._kept: list[tuple[pa.Table, np.ndarray]] = []
        self._files: list[tuple[Path, list[list[int]]]] = []
        self._sizes = np.zeros(SPLITS)
        self._reserved = 0
        self._lock = threading.Lock()

    def add(self, table: pa.Table) -> None:
        if table.num_rows == 0:
            return
        table, offsets = divided(table, SPLITS)
        size = table.nbytes
        if self._room.take(size):
            spilled = None
        else:
            path = self._room.new_file()
            spilled = path, _write(table, offsets, path)
            self._room.note_spill(path.stat().st_size)
        with self._lock:
            self._sizes += np.diff(offsets) * (size / table.num_rows)
            if spilled:
                self._files.append(spilled)
            else:
                self._kept.append((table, offsets))
                self._reserved += size

    def groups(self, target_bytes: int) -> list[list[int]]:
        """Splits that have rows, packed into groups of about `target_bytes` (or of one split)."""
        groups: list[list[int]] = []
        filled = 0.0
        for split in np.flatnonzero(self._sizes).tolist():
            if groups and filled + self._sizes[split] <= target_bytes:
                groups[-1].append(split)
                filled += self._sizes[split]
            else:
                groups.append([split])
                filled = self._sizes[split]
        return groups

    def read(self, splits: Sequence[int]) -> pa.Table:
        """All rows of these splits, in no particular order."""
        pieces = [self._schema.empty_table()]
        for table, offsets in self._kept:
            pieces.extend(table.slice(offsets[s], offsets[s + 1] - offsets[s]) for s in splits)
        for path, batches in self._files:
            pieces.append(_read(path, (number for s in splits for number in batches[s])))
        return pa.concat_tables(pieces)

    def close(self) -> None:
        """Let go of the rows."""
        self._room.give_back(self._reserved)
        self._reserved = 0
        self._kept.clear()
        for path, _ in self._files:
            path.unlink(missing_ok=True)
        self._files.clear()


def _write(table: pa.Table, offsets: np.ndarray, path: Path) -> list[list[int]]:
    """One Arrow file; returns the numbers of the record batches of each split."""
    numbers: list[list[int]] = [[] for _ in range(len(offsets) - 1)]
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    written = 0
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, table.schema, options=options) as writer:
        for split, own in enumerate(numbers):
            piece = table.slice(offsets[split], offsets[split + 1] - offsets[split])
            for batch in piece.to_batches():
                if batch.num_rows:
                    writer.write_batch(batch)
                    own.append(written)
                    written += 1
    return numbers


def _read(path: Path, numbers: Iterable[int]) -> pa.Table:
    with pa.memory_map(str(path)) as source:
        reader = pa.ipc.open_file(source)
        return pa.Table.from_batches([reader.get_batch(number) for number in numbers], schema=reader.schema)
