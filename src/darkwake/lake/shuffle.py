"""Rows dealt out by a small integer key, in memory while they are few and in files when they are many."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import numpy as np
import pyarrow as pa
from pyarrow import ipc

#: What may wait in memory before it goes to disk.
DEFAULT_BUDGET_BYTES = 512 * 1024 * 1024


class Shuffle:
    """Deal rows into `parts` piles; take a pile back as one table, rows in the order they came."""

    def __init__(
        self, schema: pa.Schema, parts: int, *, budget_bytes: int = DEFAULT_BUDGET_BYTES, folder: Path | None = None
    ) -> None:
        self.schema = schema
        self._parts = parts
        self._budget = budget_bytes
        self._held: list[list[pa.Table]] = [[] for _ in range(parts)]
        self._bytes = 0
        self._spilled: list[list[Path]] = [[] for _ in range(parts)]
        self._temporary = tempfile.TemporaryDirectory(prefix="darkwake-", dir=folder)
        self._files = 0

    def __enter__(self) -> Shuffle:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._temporary.cleanup()

    def add(self, rows: pa.Table, key: np.ndarray) -> None:
        """Deal `rows` by `key` (integers 0 … parts-1, one per row)."""
        if rows.num_rows == 0:
            return
        order = np.argsort(key.astype(np.uint16), kind="stable")
        dealt = rows.take(pa.array(order))
        borders = np.searchsorted(key[order], np.arange(self._parts + 1))
        for part in range(self._parts):
            start, end = int(borders[part]), int(borders[part + 1])
            if end > start:
                self._held[part].append(dealt.slice(start, end - start))
        self._bytes += dealt.nbytes
        if self._bytes > self._budget:
            self._spill()

    def _spill(self) -> None:
        for part, tables in enumerate(self._held):
            if not tables:
                continue
            path = Path(self._temporary.name) / f"{part:05d}-{self._files:05d}.arrow"
            self._files += 1
            options = ipc.IpcWriteOptions(compression="lz4")
            with pa.OSFile(str(path), "wb") as sink, ipc.new_file(sink, self.schema, options=options) as writer:
                for table in tables:
                    writer.write_table(table)
            self._spilled[part].append(path)
            tables.clear()
        self._bytes = 0

    def take(self, part: int) -> pa.Table:
        """All rows of one pile; they are given up."""
        tables = []
        for path in self._spilled[part]:
            with pa.memory_map(str(path)) as file:
                tables.append(ipc.open_file(file).read_all())
        tables += self._held[part]
        self._held[part] = []
        return pa.concat_tables(tables) if tables else self.schema.empty_table()

    def filled(self) -> Iterator[int]:
        """The piles that hold anything."""
        return (part for part in range(self._parts) if self._held[part] or self._spilled[part])
